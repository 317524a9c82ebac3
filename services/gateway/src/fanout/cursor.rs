//! Where a sequence of events stands, and whether the next one continues it. Pure.

use contract::Seq;
use contract::commit::Position;

/// How far the events of a world were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The last commit that was seen, or begun.
    seq: Seq,
    /// The index of the next event of it; `None` when it was seen whole.
    next: Option<u32>,
}

/// What an event is to a sequence of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was seen before.
    Seen,
    /// It is the next one.
    Next,
    /// Something before it was missed.
    Gap,
}

impl Cursor {
    /// Everything up to this commit was seen.
    pub(crate) fn end_of(seq: Seq) -> Self {
        Self { seq, next: None }
    }

    /// The place of the last event that was seen.
    pub(crate) fn position(self) -> Position {
        match self.next {
            None => Position::end_of(self.seq),
            Some(0) => Position::end_of(self.seq.saturating_sub(1)),
            Some(next) => Position {
                seq: self.seq,
                index: next - 1,
            },
        }
    }

    /// Behind which commit a reader of the log finds the next event.
    pub(crate) fn read_after(self) -> Seq {
        match self.next {
            None => self.seq,
            Some(_) => self.seq.saturating_sub(1),
        }
    }

    /// Whether a log that ends with this commit holds more.
    pub(crate) fn is_before(self, end: Seq) -> bool {
        self.read_after() < end
    }

    /// What the event at `place` is, whose commit follows the commit `previous` of the same log.
    pub(crate) fn step(self, place: Position, previous: Seq) -> Step {
        if place <= self.position() {
            return Step::Seen;
        }
        let continues = if place.seq == self.seq {
            self.next == Some(place.index)
        } else {
            self.next.is_none() && place.index == 0 && previous == self.seq
        };
        if continues { Step::Next } else { Step::Gap }
    }

    /// The event at `place`, of a commit of `count` events, was seen.
    pub(crate) fn advance(&mut self, place: Position, count: u32) {
        let next = place.index.saturating_add(1);
        *self = Self {
            seq: place.seq,
            next: (next < count).then_some(next),
        };
    }

    /// Everything up to this commit was seen, if it was not before.
    pub(crate) fn advance_to(&mut self, seq: Seq) {
        if self.is_before(seq) {
            *self = Self::end_of(seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(text: &str) -> Cursor {
        match text.split_once('.') {
            None => Cursor::end_of(text.parse().unwrap()),
            Some((seq, next)) => Cursor {
                seq: seq.parse().unwrap(),
                next: Some(next.parse().unwrap()),
            },
        }
    }

    #[test]
    fn an_event_is_seen_or_next_or_behind_a_gap() {
        // (the cursor: "7" whole, "7.2" waits for event 2; the event; its previous commit; the step)
        for (at, event, previous, expected) in [
            // The next commit.
            ("0", "4.0", 0, Step::Next),
            ("7", "9.0", 7, Step::Next),
            // The next event of a commit.
            ("7.1", "7.1", 5, Step::Next),
            // Seen.
            ("7", "7.0", 5, Step::Seen),
            ("7", "7.3", 5, Step::Seen),
            ("7", "5.0", 2, Step::Seen),
            ("7.2", "7.1", 5, Step::Seen),
            ("7.2", "5.4", 2, Step::Seen),
            // A commit was missed.
            ("7", "12.0", 9, Step::Gap),
            ("0", "12.0", 9, Step::Gap),
            // The beginning of a commit was missed.
            ("7", "9.1", 7, Step::Gap),
            // An event of a commit was missed.
            ("7.1", "7.2", 5, Step::Gap),
            // The end of a commit was missed.
            ("7.1", "9.0", 7, Step::Gap),
            // The log was purged and began anew.
            ("7", "12.0", 0, Step::Gap),
            // Nothing of a commit was seen yet.
            ("7.0", "7.0", 5, Step::Next),
            ("7.0", "5.0", 2, Step::Seen),
        ] {
            let step = cursor(at).step(event.parse().unwrap(), previous);
            assert_eq!(step, expected, "at {at}, event {event} behind {previous}");
        }
    }

    #[test]
    fn a_commit_is_whole_after_its_last_event() {
        let mut at = Cursor::end_of(3);
        at.advance("5.0".parse().unwrap(), 2);
        assert_eq!((at, at.read_after()), (cursor("5.1"), 4));
        assert_eq!(at.position(), "5.0".parse().unwrap());
        assert!(at.is_before(5));
        at.advance("5.1".parse().unwrap(), 2);
        assert_eq!((at, at.read_after()), (cursor("5"), 5));
        assert!(!at.is_before(5));
        at.advance_to(4);
        assert_eq!(at, cursor("5"));
        at.advance_to(8);
        assert_eq!(at, cursor("8"));
    }
}
