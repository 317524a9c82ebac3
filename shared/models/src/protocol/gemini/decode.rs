//! Decodes responses.

use serde_json::{Map, Value};

use crate::completion::Finish;
use crate::delta::{ArgumentsPiece, CallPiece, Delta, Slot};
use crate::error::{Error, find_error};
use crate::framing::Frame;
use crate::json::Json;
use crate::protocol::decoder::{Decoder, not_json};
use crate::protocol::finish::parse_finish;

#[derive(Debug)]
pub(in crate::protocol) struct GeminiDecoder;

impl Decoder for GeminiDecoder {
    fn decode(&mut self, frame: &Frame, deltas: &mut Vec<Delta>) -> Result<(), Error> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            deltas.push(Delta::End);
            return Ok(());
        }
        for json in Json::parse_all(data).map_err(|_| not_json(frame))? {
            for response in json.items() {
                if let Some(error) = find_error(response, frame.event == "error") {
                    return Err(error);
                }
                decode_response(response, deltas);
            }
        }
        Ok(())
    }
}

fn decode_response(response: Json<'_>, deltas: &mut Vec<Delta>) {
    // Before the end: counts that follow the end would end the response, and some models report an end
    // and counts with each piece.
    if let Some(usage) = response.get("usageMetadata") {
        deltas.push(Delta::Usage {
            input: sum(usage, ["promptTokenCount", "toolUsePromptTokenCount"]),
            cached_input: usage.get("cachedContentTokenCount").and_then(Json::count),
            output: sum(usage, ["candidatesTokenCount", "thoughtsTokenCount"]),
        });
    }
    let candidates = response
        .get("candidates")
        .map(Json::items)
        .unwrap_or_default();
    // One candidate is requested.
    let candidate = candidates.into_iter().find(|candidate| {
        let index = candidate.get("index").and_then(Json::count);
        index.is_none_or(|index| index == 0)
    });
    if let Some(candidate) = candidate {
        let parts = candidate.at(&["content", "parts"]).map(Json::items);
        for part in parts.unwrap_or_default() {
            decode_part(part, deltas);
        }
        let reason = candidate.text_at("finishReason");
        let finish = reason.and_then(|reason| parse_finish(&reason));
        deltas.extend(finish.map(Delta::Finish));
    }
    let blocked = response.at(&["promptFeedback", "blockReason"]);
    if let Some(reason) = blocked.and_then(Json::text) {
        deltas.push(Delta::Finish(Finish::ContentFilter(reason)));
    }
}

fn decode_part(part: Json<'_>, deltas: &mut Vec<Delta>) {
    if let Some(call) = part.get("functionCall") {
        deltas.push(Delta::Call(call_piece(part, call)));
        return;
    }
    let is_thought = part.get("thought").is_some_and(Json::is_true);
    if let Some(text) = part.piece_at("text") {
        deltas.push(match is_thought {
            true => Delta::Reasoning(text),
            false => Delta::Text(text),
        });
    }
    if let (false, Some(signature)) = (is_thought, part.text_at("thoughtSignature")) {
        let mut extra = Map::new();
        extra.insert("thoughtSignature".to_owned(), Value::String(signature));
        deltas.push(Delta::Extra(extra));
    }
}

/// A call is one part, and complete.
fn call_piece(part: Json<'_>, call: Json<'_>) -> CallPiece {
    let mut extra = part.fields_except(&["functionCall", "text", "thought"]);
    let fields = call.fields_except(&["name", "args", "partialArgs", "willContinue"]);
    if !fields.is_empty() {
        extra.insert("functionCall".to_owned(), Value::Object(fields));
    }
    let is_partial =
        call.get("partialArgs").is_some() || call.get("willContinue").is_some_and(Json::is_true);
    let arguments = match is_partial {
        true => Some(ArgumentsPiece::Unknown(
            "the arguments came in a form that is not supported".to_owned(),
        )),
        false => call
            .get("args")
            .map(|args| ArgumentsPiece::Value(args.raw().to_owned())),
    };
    CallPiece {
        slot: Slot::New,
        id: call.text_at("id"),
        name: call.text_at("name"),
        arguments,
        extra,
    }
}

fn sum(usage: Json<'_>, names: [&str; 2]) -> Option<u64> {
    let counts = names.iter().filter_map(|name| usage.get(name)?.count());
    counts.reduce(u64::saturating_add)
}
