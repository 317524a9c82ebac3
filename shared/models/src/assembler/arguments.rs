//! The arguments of a tool call, from what came of them.

use serde_json::Value;
use serde_json::value::RawValue;

use super::compact::compact;
use crate::completion::Arguments;
use crate::delta::ArgumentsPiece;
use crate::piece::Piece;

/// What came of the arguments of a call.
#[derive(Debug, Default)]
pub(super) struct ArgumentsParts {
    texts: Vec<Piece>,
    values: Vec<Box<RawValue>>,
    unknown: Option<String>,
}

impl ArgumentsParts {
    pub(super) fn push(&mut self, piece: ArgumentsPiece) {
        match piece {
            ArgumentsPiece::Text(text) if text.is_empty() => {}
            ArgumentsPiece::Text(text) => self.texts.push(text),
            ArgumentsPiece::Value(value) => self.values.push(value),
            ArgumentsPiece::Unknown(reason) => self.unknown = Some(reason),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.values.is_empty() && self.unknown.is_none()
    }

    /// Whether they are an object already.
    pub(super) fn is_complete(&self) -> bool {
        match self.values.is_empty() {
            true => parse_object(&self.text()).is_some(),
            false => true,
        }
    }

    /// Whether they are an object, and a piece repeats it, in the same form or another.
    pub(super) fn is_repeated_by(&self, piece: &ArgumentsPiece) -> bool {
        // The piece first: most are none, and the text so far may be long.
        let Some(repeated) = object_of(piece) else {
            return false;
        };
        let first = self.values.first().cloned();
        let known = first.or_else(|| parse_object(&self.text()));
        known.is_some_and(|known| is_equal(&known, &repeated))
    }

    /// Whether more of them may have been lost when the model was stopped: an object that its server
    /// decoded, and the empty one with which some servers begin.
    pub(super) fn may_be_cut(&self) -> bool {
        !self.values.is_empty() || self.text().trim() == "{}"
    }

    /// The arguments. Those that are not known for certain are unknown.
    pub(super) fn resolve(self) -> Arguments {
        if let Some(reason) = self.unknown {
            return Arguments::Unknown { reason };
        }
        let text = self.text();
        let Some(first) = self.values.first() else {
            return self.resolve_text(&text);
        };
        let is_same = self.values.iter().all(|value| is_equal(first, value));
        let is_text_same = text.trim().is_empty()
            || parse_object(&text).is_some_and(|object| is_equal(first, &object));
        match is_same && is_text_same {
            true => classify(first),
            false => unknown("the arguments were written more than once, and differ"),
        }
    }

    fn resolve_text(&self, text: &str) -> Arguments {
        if text.trim().is_empty() {
            return Arguments::Absent;
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(value) => classify(value),
            Err(error) => match self.repeated_object() {
                Some(object) => Arguments::Object(compact(&object)),
                None => unknown(&format!("the arguments are not valid JSON: {error}")),
            },
        }
    }

    /// The object that the pieces repeat: each has all that came before, or the last has it all.
    fn repeated_object(&self) -> Option<Box<RawValue>> {
        let texts: Vec<String> = self.texts.iter().map(Piece::to_text).collect();
        let (last, earlier) = texts.split_last()?;
        let has_all = earlier.iter().all(|text| last.starts_with(text.as_str()));
        if has_all || earlier.concat() == *last {
            return parse_object(last);
        }
        // A translation of Anthropic's protocol: the empty input of the beginning, then the input.
        match earlier.first()?.trim() {
            "{}" => parse_object(&texts[1..].concat()),
            _ => None,
        }
    }

    fn text(&self) -> String {
        Piece::join(&self.texts)
    }
}

/// An object; nothing, which is how models write `null`; or an object in a text.
fn classify(value: &RawValue) -> Arguments {
    match serde_json::from_str(value.get()) {
        Ok(Value::Object(_)) => Arguments::Object(compact(value)),
        Ok(Value::Null) => Arguments::Absent,
        Ok(Value::String(text)) if text.trim().is_empty() => Arguments::Absent,
        // Encoded twice.
        Ok(Value::String(text)) => match parse_object(&text) {
            Some(object) => Arguments::Object(compact(&object)),
            None => unknown("the arguments must be a JSON object, not a text"),
        },
        Ok(_) => unknown("the arguments must be a JSON object"),
        Err(error) => unknown(&format!("the arguments are not valid JSON: {error}")),
    }
}

/// The object that a piece is by itself.
fn object_of(piece: &ArgumentsPiece) -> Option<Box<RawValue>> {
    match piece {
        ArgumentsPiece::Text(text) => parse_object(&text.to_text()),
        ArgumentsPiece::Value(value) => Some(value.clone()),
        ArgumentsPiece::Unknown(_) => None,
    }
}

fn parse_object(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    // Without the braces it is none: most pieces are not parsed.
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    let is_object = serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    is_object.then(|| RawValue::from_string(text.to_owned()).ok())?
}

fn is_equal(one: &RawValue, other: &RawValue) -> bool {
    let parse = |value: &RawValue| serde_json::from_str::<Value>(value.get()).ok();
    one.get() == other.get() || parse(one).is_some_and(|one| Some(one) == parse(other))
}

fn unknown(reason: &str) -> Arguments {
    Arguments::Unknown {
        reason: reason.to_owned(),
    }
}
