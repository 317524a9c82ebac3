//! The tool calls of a message, in the forms in which servers write them.

use serde_json::{Map, Value};

use crate::delta::{ArgumentsPiece, CallPiece, Delta, Slot};
use crate::json::Json;

/// The number of a call in the older field `function_call`, which has room for one.
const LEGACY_CALL: u64 = u64::MAX;

/// The pieces of tool calls in a piece of a message.
pub(super) fn write_calls(message: Json<'_>, deltas: &mut Vec<Delta>) {
    let calls = calls(message);
    let has_calls = !calls.is_empty();
    for call in calls {
        let index = call.get("index").and_then(Json::count);
        let slot = index.map_or(Slot::Unnumbered, Slot::Index);
        deltas.push(Delta::Call(call_piece(call, slot)));
    }
    // Some servers write a call into both fields.
    let legacy = message.get("function_call");
    if let Some(function) = legacy.filter(|call| call.is_object() && !has_calls) {
        deltas.push(Delta::Call(legacy_call(function, Slot::Index(LEGACY_CALL))));
    }
}

/// The tool calls of a complete message: each is one of its own, whatever its id and number are.
pub(super) fn write_message_calls(message: Json<'_>, deltas: &mut Vec<Delta>) {
    let calls = calls(message);
    let legacy = message
        .get("function_call")
        .filter(|call| call.is_object() && calls.is_empty());
    let calls = calls.into_iter().map(|call| call_piece(call, Slot::New));
    deltas.extend(calls.map(Delta::Call));
    deltas.extend(legacy.map(|call| Delta::Call(legacy_call(call, Slot::New))));
}

fn calls(message: Json<'_>) -> Vec<Json<'_>> {
    let calls = message.get("tool_calls").map(Json::items);
    calls
        .unwrap_or_default()
        .into_iter()
        .filter(|call| call.is_object())
        .collect()
}

fn call_piece(call: Json<'_>, slot: Slot) -> CallPiece {
    // Some servers write the fields of the function beside it.
    let function = call.get("function").filter(|function| function.is_object());
    let inner = function.unwrap_or(call);
    let name = inner.text_at("name").or_else(|| call.text_at("name"));
    let arguments = inner.get("arguments").or_else(|| call.get("arguments"));
    let known = ["index", "id", "type", "function", "name", "arguments"];
    let mut extra = call.fields_except(&known);
    if let Some(function) = function {
        let fields = function.fields_except(&["name", "arguments", "parsed_arguments"]);
        if !fields.is_empty() {
            extra.insert("function".to_owned(), Value::Object(fields));
        }
    }
    CallPiece {
        slot,
        id: id(call),
        name,
        arguments: arguments.map(arguments_piece),
        extra,
    }
}

fn legacy_call(function: Json<'_>, slot: Slot) -> CallPiece {
    CallPiece {
        slot,
        id: None,
        name: function.text_at("name"),
        arguments: function.get("arguments").map(arguments_piece),
        extra: Map::new(),
    }
}

fn id(call: Json<'_>) -> Option<String> {
    let id = call.get("id")?;
    let id = id.text().or_else(|| Some(id.count()?.to_string()));
    id.filter(|id| id != "null")
}

fn arguments_piece(arguments: Json<'_>) -> ArgumentsPiece {
    match arguments.piece() {
        Some(text) => ArgumentsPiece::Text(text),
        None => ArgumentsPiece::Value(arguments.raw().to_owned()),
    }
}
