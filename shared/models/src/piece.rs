//! Pieces of text as they come: a character may be split over two of them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The length of an encoded surrogate.
const SURROGATE_BYTES: usize = 3;

/// A piece of a text: UTF-8 in which a surrogate may be alone (WTF-8), since JSON writes a character
/// beyond the basic plane as two escapes, and servers send each as soon as they have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Piece(Vec<u8>);

impl Piece {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, when nothing follows: a surrogate that is alone becomes U+FFFD.
    pub(crate) fn to_text(&self) -> String {
        decode(&self.0)
    }

    pub(crate) fn join<'a>(pieces: impl IntoIterator<Item = &'a Self>) -> String {
        let bytes: Vec<u8> = pieces
            .into_iter()
            .flat_map(|piece| piece.0.iter().copied())
            .collect();
        decode(&bytes)
    }
}

impl From<&str> for Piece {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes, `serde_json` accepts a surrogate that is alone.
        deserializer.deserialize_bytes(PieceVisitor)
    }
}

struct PieceVisitor;

impl Visitor<'_> for PieceVisitor {
    type Value = Piece;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Piece, E> {
        Ok(Piece(bytes.to_vec()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Piece, E> {
        Ok(Piece::from(text))
    }
}

/// Joins the pieces of a text: the first half of a character is kept until the second is there.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    pending: Vec<u8>,
}

impl Joiner {
    /// The text that is complete with this piece.
    pub(crate) fn push(&mut self, piece: &Piece) -> String {
        let mut bytes = std::mem::take(&mut self.pending);
        bytes.extend_from_slice(&piece.0);
        let end = bytes.len().saturating_sub(SURROGATE_BYTES);
        if surrogate(&bytes[end..]).is_some_and(is_high) {
            self.pending = bytes.split_off(end);
        }
        decode(&bytes)
    }

    /// The text that is left when no piece follows.
    pub(crate) fn finish(&mut self) -> String {
        decode(&std::mem::take(&mut self.pending))
    }
}

fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return text;
            }
            Err(error) => error,
        };
        let (valid, tail) = rest.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(valid).unwrap_or_default());
        let first = surrogate(tail);
        let second = tail.get(SURROGATE_BYTES..).and_then(surrogate);
        let (character, length) = match (first, second) {
            (Some(high), Some(low)) if is_high(high) && !is_high(low) => {
                (combine(high, low), 2 * SURROGATE_BYTES)
            }
            (Some(_), _) => (None, SURROGATE_BYTES),
            (None, _) => (None, 1),
        };
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &tail[length..];
    }
}

fn combine(high: u32, low: u32) -> Option<char> {
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}

/// The surrogate at the beginning of the bytes.
fn surrogate(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [0xED, middle @ 0xA0..=0xBF, last @ 0x80..=0xBF, ..] => {
            Some(0xD000 | (u32::from(*middle) & 0x3F) << 6 | (u32::from(*last) & 0x3F))
        }
        _ => None,
    }
}

fn is_high(surrogate: u32) -> bool {
    surrogate < 0xDC00
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(json: &str) -> Piece {
        serde_json::from_str(json).unwrap()
    }

    fn join(pieces: &[&str]) -> String {
        let mut joiner = Joiner::default();
        let mut text: String = pieces
            .iter()
            .map(|json| joiner.push(&piece(json)))
            .collect();
        text.push_str(&joiner.finish());
        text
    }

    #[test]
    fn the_halves_of_a_character_are_joined() {
        assert_eq!(join(&[r#""a\ud83d""#, r#""\ude00b""#]), "a😀b");
        assert_eq!(join(&[r#""a\ud83d\ude00b""#]), "a😀b");
        assert_eq!(join(&[r#""\ud83d""#, r#""""#, r#""\ude00""#]), "😀");
        assert_eq!(join(&[r#""é😀""#, r#""€""#]), "é😀€");
    }

    #[test]
    fn a_half_that_stays_alone_is_replaced() {
        assert_eq!(join(&[r#""a\ud83d""#, r#""b""#]), "a\u{FFFD}b");
        assert_eq!(join(&[r#""a\ud83d""#]), "a\u{FFFD}");
        assert_eq!(join(&[r#""\ude00a""#]), "\u{FFFD}a");
        assert_eq!(
            join(&[r#""\ud83d""#, r#""\ud83d""#, r#""\ude00""#]),
            "\u{FFFD}😀"
        );
    }
}
