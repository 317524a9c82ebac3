//! Blocks of content.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::delta::{ArgumentsPiece, CallPiece, Delta, Slot};
use crate::json::Json;
use crate::objects::object;
use crate::piece::Piece;

/// The field of [`Delta::Extra`] with the blocks that must be sent back: thinking with its signature,
/// and whatever is neither text nor a call.
pub(super) const BLOCKS: &str = "blocks";

/// A block of [`BLOCKS`], and how many calls come before it.
pub(super) fn block_position(entry: &Value) -> Option<(usize, &Value)> {
    let before = usize::try_from(entry.get("before")?.as_u64()?).ok()?;
    Some((before, entry.get("block")?))
}

/// A block that has begun.
#[derive(Debug)]
pub(super) enum Block {
    Text,
    /// A call, and the input that it began with.
    Call {
        index: u64,
        input: Option<Box<RawValue>>,
        has_pieces: bool,
    },
    /// A block that is sent back, and how many calls came before it.
    Opaque {
        before: usize,
        fields: Map<String, Value>,
        thinking: Vec<Piece>,
        /// The input of a call that the provider makes itself.
        input: Vec<Piece>,
    },
}

impl Block {
    pub(super) fn begin(
        index: u64,
        block: Json<'_>,
        call_count: &mut usize,
        deltas: &mut Vec<Delta>,
    ) -> Self {
        match block.text_at("type").as_deref() {
            Some("text") | None => {
                deltas.extend(block.piece_at("text").map(Delta::Text));
                Self::Text
            }
            Some("tool_use") => {
                *call_count += 1;
                deltas.push(Delta::Call(CallPiece {
                    slot: Slot::Index(index),
                    id: block.text_at("id"),
                    name: block.text_at("name"),
                    arguments: None,
                    extra: block.fields_except(&["type", "id", "name", "input"]),
                }));
                Self::Call {
                    index,
                    input: block.get("input").map(|input| input.raw().to_owned()),
                    has_pieces: false,
                }
            }
            Some(_) => {
                deltas.extend(block.piece_at("thinking").map(Delta::Reasoning));
                Self::Opaque {
                    before: *call_count,
                    fields: object(block.value().unwrap_or_default()),
                    thinking: block.piece_at("thinking").into_iter().collect(),
                    input: Vec::new(),
                }
            }
        }
    }

    pub(super) fn add(&mut self, index: u64, delta: Json<'_>, deltas: &mut Vec<Delta>) {
        let json = delta.piece_at("partial_json");
        match self {
            Self::Text => {
                deltas.extend(delta.piece_at("text").map(Delta::Text));
                deltas.extend(delta.piece_at("thinking").map(Delta::Reasoning));
                let arguments = json.map(ArgumentsPiece::Text);
                let call = arguments.map(|arguments| call_arguments(index, arguments));
                deltas.extend(call.map(Delta::Call));
            }
            Self::Call { has_pieces, .. } => {
                if let Some(json) = json {
                    *has_pieces = true;
                    let arguments = ArgumentsPiece::Text(json);
                    deltas.push(Delta::Call(call_arguments(index, arguments)));
                }
            }
            Self::Opaque {
                fields,
                thinking,
                input,
                ..
            } => {
                input.extend(json);
                if let Some(text) = delta.piece_at("thinking") {
                    thinking.push(text.clone());
                    deltas.push(Delta::Reasoning(text));
                }
                if let Some(signature) = delta.text_at("signature") {
                    add_text(fields, "signature", &signature);
                }
            }
        }
    }

    pub(super) fn end(self, deltas: &mut Vec<Delta>) {
        match self {
            Self::Text => {}
            Self::Call {
                index,
                input,
                has_pieces,
            } => {
                // The input comes in pieces; when there are none, it is what the block began with.
                if let (Some(input), false) = (input, has_pieces) {
                    let arguments = ArgumentsPiece::Value(input);
                    deltas.push(Delta::Call(call_arguments(index, arguments)));
                }
            }
            Self::Opaque {
                before,
                mut fields,
                thinking,
                input,
            } => {
                if let Ok(input) = serde_json::from_str(&Piece::join(&input)) {
                    fields.insert("input".into(), input);
                }
                if !thinking.is_empty() {
                    fields.insert("thinking".into(), Piece::join(&thinking).into());
                }
                let entry = json!({"before": before, "block": fields});
                deltas.push(Delta::Extra(object(json!({BLOCKS: [entry]}))));
            }
        }
    }
}

fn call_arguments(index: u64, arguments: ArgumentsPiece) -> CallPiece {
    CallPiece {
        slot: Slot::Index(index),
        arguments: Some(arguments),
        ..CallPiece::default()
    }
}

fn add_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    let before = fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let text = format!("{before}{text}");
    fields.insert(name.to_owned(), Value::String(text));
}
