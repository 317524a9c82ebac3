//! Whether a commit continues a sequence of commits. Pure.

use contract::Seq;

/// What a commit is to a reader of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// The reader has it already.
    Duplicate,
    /// It is the next one.
    Next,
    /// At least one commit before it is missing.
    Gap,
}

/// What the commit `seq`, which follows `previous` in its log, is to a reader whose last commit is
/// `last`.
pub(crate) fn continuity(last: Seq, seq: Seq, previous: Seq) -> Continuity {
    if seq <= last {
        Continuity::Duplicate
    } else if previous == last {
        Continuity::Next
    } else {
        Continuity::Gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_a_duplicate_or_next_or_behind_a_gap() {
        for (last, seq, previous, expected) in [
            (0, 4, 0, Continuity::Next),
            (7, 9, 7, Continuity::Next),
            (7, 7, 5, Continuity::Duplicate),
            (7, 5, 2, Continuity::Duplicate),
            // A commit was missed.
            (7, 12, 9, Continuity::Gap),
            (0, 12, 9, Continuity::Gap),
            // The log was purged and began again.
            (7, 12, 0, Continuity::Gap),
        ] {
            let found = continuity(last, seq, previous);
            assert_eq!(found, expected, "{seq} after {previous}, last {last}");
        }
    }
}
