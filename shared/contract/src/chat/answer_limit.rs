//! How long an answer may be.

use std::borrow::Cow;

/// How much of an agent's answer is kept, in bytes. With what a world adds to it, a message has at most
/// 64 KiB.
pub const ANSWER_BYTES_MAX: usize = 63 << 10;

/// The end of an answer that was longer.
pub const TRUNCATION_MARK: &str = "\n\n[cut off: the answer is too long]";

/// Cuts an answer at [`ANSWER_BYTES_MAX`], in whatever pieces it comes: so that what a worker streams is what
/// a world stores.
#[derive(Debug, Default)]
pub struct AnswerLimit {
    bytes: usize,
    is_cut: bool,
}

impl AnswerLimit {
    /// What is kept of the next piece. The piece that passes the limit ends with [`TRUNCATION_MARK`], and
    /// nothing is kept of those behind it.
    pub fn push<'a>(&mut self, piece: &'a str) -> Cow<'a, str> {
        if self.is_cut {
            return Cow::Borrowed("");
        }
        let left = ANSWER_BYTES_MAX - self.bytes;
        if piece.len() <= left {
            self.bytes += piece.len();
            return Cow::Borrowed(piece);
        }
        self.is_cut = true;
        let kept = &piece[..piece.floor_char_boundary(left)];
        Cow::Owned(format!("{kept}{TRUNCATION_MARK}"))
    }

    /// Whether the answer was longer than what is kept.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_at_the_same_place_in_any_pieces() {
        let long = "\u{e4}b".repeat(ANSWER_BYTES_MAX);
        let mut limit = AnswerLimit::default();
        let all = limit.push(&long).into_owned();
        assert!(limit.is_cut() && all.ends_with(TRUNCATION_MARK));
        assert!(all.len() <= ANSWER_BYTES_MAX + TRUNCATION_MARK.len());
        let mut limit = AnswerLimit::default();
        let characters: Vec<String> = long.chars().map(String::from).collect();
        let pieces = characters
            .iter()
            .map(|piece| limit.push(piece).into_owned());
        assert_eq!(pieces.collect::<String>(), all);
    }

    #[test]
    fn an_answer_that_fits_stays_as_it_is() {
        let text = "x".repeat(ANSWER_BYTES_MAX);
        let mut limit = AnswerLimit::default();
        assert_eq!(limit.push(&text), text);
        assert!(!limit.is_cut());
    }
}
