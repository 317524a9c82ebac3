//! One answer on its way to the client: what was sent of it as it was generated, and what the log has.

use contract::RunId;

/// An answer whose start the client has got.
pub(super) struct Answer {
    /// The run that answers, where that is known.
    run: Option<RunId>,
    /// The attempt whose chunks are sent.
    attempt: u32,
    /// The next chunk of that attempt.
    next_index: u32,
    /// How much of `live` this attempt has repeated.
    repeated_bytes: usize,
    /// Whether a chunk of this attempt is missing: the rest comes with the durable text.
    has_gap: bool,
    /// What was sent as chunks, and was not in a durable event yet.
    live: String,
    /// What durable events have had of it.
    durable: String,
    /// Whether its node has failed meanwhile.
    pub(super) failed: bool,
}

/// What is sent of a piece of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing: the client has it.
    Nothing,
    /// All of it, as it is.
    Whole,
    /// This end of it, which the client does not have.
    Rest(String),
    /// The client has another text: the answer begins anew, with this text.
    Anew(String),
}

impl Answer {
    pub(super) fn new(run: Option<RunId>) -> Self {
        Self {
            run,
            attempt: 0,
            next_index: 0,
            repeated_bytes: 0,
            has_gap: false,
            live: String::new(),
            durable: String::new(),
            failed: false,
        }
    }

    pub(super) fn is_of(&self, run: RunId) -> bool {
        self.run.is_none_or(|own| own == run)
    }

    /// A chunk of a worker. A later attempt repeats the text of the one before it: that is skipped.
    pub(super) fn on_chunk(&mut self, attempt: u32, index: u32, text: &str) -> Sent {
        if attempt > self.attempt {
            self.attempt = attempt;
            self.next_index = 0;
            self.repeated_bytes = 0;
            self.has_gap = false;
        }
        if attempt < self.attempt || index < self.next_index || self.has_gap {
            return Sent::Nothing;
        }
        if index > self.next_index {
            self.has_gap = true;
            return Sent::Nothing;
        }
        self.next_index += 1;
        let start = self.repeated_bytes;
        let known = &self.live.as_bytes()[start..];
        let shared = known.len().min(text.len());
        if known[..shared] != text.as_bytes()[..shared] {
            let anew = format!("{}{text}", &self.live[..start]);
            self.live.clone_from(&anew);
            self.repeated_bytes = anew.len();
            return Sent::Anew(anew);
        }
        self.repeated_bytes += text.len();
        // Both are UTF-8 and equal up to there, so that it is the end of a character.
        let rest = &text[shared..];
        self.live.push_str(rest);
        match rest {
            "" => Sent::Nothing,
            rest => Sent::Rest(rest.to_owned()),
        }
    }

    /// A durable piece of the answer: of one of an agent, all of the text.
    pub(super) fn on_durable(&mut self, text: &str) -> Sent {
        self.durable.push_str(text);
        let live = std::mem::take(&mut self.live);
        self.repeated_bytes = 0;
        if live.is_empty() {
            return Sent::Whole;
        }
        if let Some(rest) = text.strip_prefix(&live) {
            return match rest {
                "" => Sent::Nothing,
                rest => Sent::Rest(rest.to_owned()),
            };
        }
        // The durable text may come in pieces, behind the chunks of all of them.
        if let Some(unconfirmed) = live.strip_prefix(text) {
            unconfirmed.clone_into(&mut self.live);
            self.repeated_bytes = self.live.len();
            return Sent::Nothing;
        }
        Sent::Anew(self.durable.clone())
    }

    /// The text of the answer when the client has got another one: chunks of a lost attempt that the durable
    /// text does not have.
    pub(super) fn text_anew(self) -> Option<String> {
        (!self.live.is_empty() && !self.failed).then_some(self.durable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(text: &str) -> Sent {
        Sent::Rest(text.to_owned())
    }

    #[test]
    fn a_repeated_prefix_is_skipped_and_a_gap_is_filled_by_the_durable_text() {
        let mut answer = Answer::new(None);
        assert_eq!(answer.on_chunk(1, 0, "Grüß "), rest("Grüß "));
        assert_eq!(answer.on_chunk(1, 0, "Grüß "), Sent::Nothing);
        assert_eq!(answer.on_chunk(1, 1, "Gott"), rest("Gott"));
        // Another worker begins anew, in other pieces.
        assert_eq!(answer.on_chunk(2, 0, "Gr"), Sent::Nothing);
        assert_eq!(answer.on_chunk(2, 1, "üß Gott, w"), rest(", w"));
        assert_eq!(answer.on_chunk(1, 2, "late"), Sent::Nothing);
        assert_eq!(answer.on_chunk(2, 3, "lt"), Sent::Nothing);
        assert_eq!(answer.on_chunk(2, 4, "!"), Sent::Nothing);
        assert_eq!(answer.on_durable("Grüß Gott, welt!"), rest("elt!"));
        assert_eq!(answer.text_anew(), None);
    }

    #[test]
    fn an_attempt_with_another_text_begins_anew() {
        let mut answer = Answer::new(None);
        assert_eq!(answer.on_chunk(1, 0, "one two"), rest("one two"));
        assert_eq!(answer.on_chunk(2, 0, "one "), Sent::Nothing);
        assert_eq!(
            answer.on_chunk(2, 1, "three"),
            Sent::Anew("one three".to_owned())
        );
        assert_eq!(answer.on_chunk(2, 2, " four"), rest(" four"));
        assert_eq!(answer.on_durable("one three four"), Sent::Nothing);
        assert_eq!(answer.text_anew(), None);

        let mut answer = Answer::new(None);
        answer.on_chunk(1, 0, "one two");
        assert_eq!(answer.on_durable("zero"), Sent::Anew("zero".to_owned()));
        assert_eq!(answer.text_anew(), None);
    }

    #[test]
    fn chunks_that_the_durable_text_does_not_have_are_taken_back() {
        let mut answer = Answer::new(None);
        answer.on_chunk(1, 0, "one two");
        assert_eq!(answer.on_durable("one"), Sent::Nothing);
        assert_eq!(answer.text_anew().as_deref(), Some("one"));

        let mut failed = Answer::new(None);
        failed.on_chunk(1, 0, "one two");
        failed.failed = true;
        assert_eq!(failed.text_anew(), None);
    }

    #[test]
    fn durable_pieces_without_chunks_are_sent_as_they_are() {
        let mut answer = Answer::new(None);
        assert_eq!(answer.on_durable("one"), Sent::Whole);
        assert_eq!(answer.on_durable("two"), Sent::Whole);
        assert_eq!(answer.on_chunk(1, 0, "fifteen"), rest("fifteen"));
        assert_eq!(answer.on_durable("fift"), Sent::Nothing);
        assert_eq!(answer.on_durable("een!"), rest("!"));
        assert_eq!(answer.text_anew(), None);
    }
}
