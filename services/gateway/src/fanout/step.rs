//! Whether a commit continues a sequence of commits. Pure.

use contract::Seq;

/// What a commit is to a sequence of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was seen before.
    Seen,
    /// It is the next one.
    Next,
    /// Something before it was missed.
    Gap,
}

/// What the commit `seq`, which follows `previous` in its log, is to whoever has seen everything up
/// to `seen`.
pub(crate) fn step(seen: Seq, seq: Seq, previous: Seq) -> Step {
    if seq <= seen {
        Step::Seen
    } else if previous == seen {
        Step::Next
    } else {
        Step::Gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_seen_or_next_or_behind_a_gap() {
        for (seen, seq, previous, expected) in [
            (0, 4, 0, Step::Next),
            (7, 9, 7, Step::Next),
            (7, 7, 5, Step::Seen),
            (7, 5, 2, Step::Seen),
            // A commit was missed.
            (7, 12, 9, Step::Gap),
            (0, 12, 9, Step::Gap),
            // The log was purged and began anew.
            (7, 12, 0, Step::Gap),
        ] {
            let found = step(seen, seq, previous);
            assert_eq!(found, expected, "{seq} behind {previous}, seen {seen}");
        }
    }
}
