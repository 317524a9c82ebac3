//! Decodes responses: one JSON object per line, or one alone.

use serde_json::Value;

use crate::completion::Finish;
use crate::delta::{ArgumentsPiece, CallPiece, Delta, Slot};
use crate::error::{Error, find_error};
use crate::framing::Frame;
use crate::json::Json;
use crate::protocol::decoder::{Decoder, not_json};
use crate::protocol::finish::parse_finish;

#[derive(Debug)]
pub(in crate::protocol) struct OllamaDecoder;

impl Decoder for OllamaDecoder {
    fn decode(&mut self, frame: &Frame, deltas: &mut Vec<Delta>) -> Result<(), Error> {
        let data = frame.data.trim();
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        for json in Json::parse_all(data).map_err(|_| not_json(frame))? {
            if let Some(error) = find_error(json, frame.event == "error") {
                return Err(error);
            }
            decode_line(json, deltas);
        }
        Ok(())
    }
}

fn decode_line(line: Json<'_>, deltas: &mut Vec<Delta>) {
    if let Some(message) = line.get("message") {
        deltas.extend(message.piece_at("thinking").map(Delta::Reasoning));
        deltas.extend(message.piece_at("content").map(Delta::Text));
        let calls = message.get("tool_calls").map(Json::items);
        for call in calls.unwrap_or_default() {
            if call.is_object() {
                deltas.push(Delta::Call(call_piece(call)));
            }
        }
    }
    if !line.get("done").is_some_and(Json::is_true) {
        return;
    }
    let reason = line.text_at("done_reason");
    let finish = reason.and_then(|reason| parse_finish(&reason));
    deltas.push(Delta::Finish(finish.unwrap_or(Finish::Stop)));
    let count = |name| line.get(name).and_then(Json::count);
    let (input, output) = (count("prompt_eval_count"), count("eval_count"));
    if input.is_some() || output.is_some() {
        deltas.push(Delta::Usage {
            input,
            cached_input: None,
            output,
        });
    }
    deltas.push(Delta::End);
}

/// A call comes in one piece.
fn call_piece(call: Json<'_>) -> CallPiece {
    // Some servers write the fields of the function beside it.
    let inner = call.get("function").filter(|inner| inner.is_object());
    let function = inner.unwrap_or(call);
    let known = ["function", "id", "type", "name", "arguments", "index"];
    let mut extra = call.fields_except(&known);
    if let Some(inner) = inner {
        let fields = inner.fields_except(&["name", "arguments", "index"]);
        if !fields.is_empty() {
            extra.insert("function".to_owned(), Value::Object(fields));
        }
    }
    let arguments = function
        .get("arguments")
        .map(|arguments| match arguments.piece() {
            Some(text) => ArgumentsPiece::Text(text),
            None => ArgumentsPiece::Value(arguments.raw().to_owned()),
        });
    CallPiece {
        slot: Slot::New,
        id: call.text_at("id"),
        name: function.text_at("name"),
        arguments,
        extra,
    }
}
