//! Assembles the fields that a provider needs again.

use serde_json::{Map, Value};

/// The fields of an item of a list by which a later item continues it.
const IDENTITY: [&str; 2] = ["type", "index"];
/// Its fields that come in pieces.
const TEXTS: [&str; 4] = ["text", "summary", "data", "thinking"];

/// Adds a piece of the fields: texts and lists are continued, objects are merged.
pub(super) fn add_extra(extra: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (key, value) in piece {
        match (extra.get_mut(&key), value) {
            (Some(Value::String(text)), Value::String(more)) if is_text(&key) => {
                text.push_str(&more);
            }
            (Some(Value::Array(items)), Value::Array(more)) => add_items(items, more),
            (Some(Value::Object(fields)), Value::Object(more)) => add_extra(fields, more),
            (_, value) => drop(extra.insert(key, value)),
        }
    }
}

/// A signature or an id comes as a whole.
fn is_text(key: &str) -> bool {
    key == "reasoning_content"
}

/// An item of the same type and number as the last one continues it.
fn add_items(items: &mut Vec<Value>, more: Vec<Value>) {
    for item in more {
        let continued = items.last_mut().filter(|last| continues(last, &item));
        match (continued, item) {
            (Some(Value::Object(last)), Value::Object(item)) => continue_item(last, item),
            (_, item) => items.push(item),
        }
    }
}

fn continues(last: &Value, item: &Value) -> bool {
    // LiteLLM does not number its blocks: each ends with its signature.
    let is_open = item.get("type").is_some_and(|kind| kind == "thinking")
        && last
            .get("signature")
            .and_then(Value::as_str)
            .unwrap_or_default()
            == "";
    let is_numbered = item.get("index").is_some();
    (is_numbered || is_open) && IDENTITY.iter().all(|key| last.get(key) == item.get(key))
}

fn continue_item(last: &mut Map<String, Value>, item: Map<String, Value>) {
    for (key, value) in item {
        match (last.get_mut(&key), value) {
            (_, Value::Null) => {}
            (Some(Value::String(text)), Value::String(more)) if TEXTS.contains(&key.as_str()) => {
                text.push_str(&more);
            }
            (_, value) => drop(last.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_of_reasoning_are_continued() {
        let mut extra = Map::new();
        for piece in [
            json!({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "a", "signature": null}]}),
            json!({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "b", "signature": "s"}]}),
            json!({"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "d"}]}),
            json!({"reasoning_content": "x"}),
            json!({"reasoning_content": "y", "thought_signature": "t"}),
        ] {
            add_extra(&mut extra, piece.as_object().unwrap().clone());
        }
        let expected = json!({
            "reasoning_details": [
                {"type": "reasoning.text", "index": 0, "text": "ab", "signature": "s"},
                {"type": "reasoning.encrypted", "index": 1, "data": "d"},
            ],
            "reasoning_content": "xy",
            "thought_signature": "t",
        });
        assert_eq!(Value::Object(extra), expected);
    }

    #[test]
    fn blocks_without_a_number_end_with_their_signature() {
        let mut extra = Map::new();
        for piece in [
            json!({"type": "thinking", "thinking": "a", "signature": null}),
            json!({"type": "thinking", "thinking": "b", "signature": ""}),
            json!({"type": "thinking", "thinking": "", "signature": "s"}),
            json!({"type": "thinking", "thinking": "c"}),
            json!({"type": "redacted_thinking", "data": "d"}),
            json!({"type": "redacted_thinking", "data": "e"}),
        ] {
            let fields = json!({"thinking_blocks": [piece]});
            add_extra(&mut extra, fields.as_object().unwrap().clone());
        }
        let expected = json!([
            {"type": "thinking", "thinking": "ab", "signature": "s"},
            {"type": "thinking", "thinking": "c"},
            {"type": "redacted_thinking", "data": "d"},
            {"type": "redacted_thinking", "data": "e"},
        ]);
        assert_eq!(extra["thinking_blocks"], expected);
    }
}
