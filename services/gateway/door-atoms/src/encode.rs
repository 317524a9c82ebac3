//! Events of a session become frames: flat JSON objects.

use bytes::Bytes;
use contract::flow::atoms::TRANSFER_CALL;
use contract::{CommandId, EventId, Timestamp};
use door_kit::SessionFrame;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::flat_object::FlatObject;

/// What every frame has. A payload with such a field can't have it beside them.
const ENVELOPE: [&str; 4] = ["type", "id", "timestamp", "metadata"];

/// Fields that clients of Atoms want as `null` when they are absent, by type.
const WANTED_AS_NULL: &[(&str, &str)] = &[(TRANSFER_CALL, "on_hold_music")];

/// An event on its way to a client.
pub(crate) struct OutboundFrame<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) id: &'a str,
    pub(crate) timestamp: Timestamp,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) data: &'a RawValue,
}

/// The frame of an event of a session. Its id is that of its sender, if that gave one.
pub(crate) fn encode_event(event: &SessionFrame) -> Bytes {
    let frame = &event.frame;
    let mut metadata = frame.full_metadata();
    if let Some(position) = event.position {
        metadata.insert("position".to_owned(), position.to_string().into());
    }
    if event.restarted {
        metadata.insert("restarted".to_owned(), true.into());
    }
    let event_id = frame.id.to_string();
    encode(OutboundFrame {
        event_type: &frame.event_type,
        id: frame.sender_id.as_deref().unwrap_or(&event_id),
        timestamp: frame.timestamp,
        metadata,
        data: &frame.data,
    })
}

/// A frame of the door itself.
pub(crate) fn encode_own(event_type: &str, metadata: Map<String, Value>, data: &RawValue) -> Bytes {
    let id: EventId = CommandId::new().event(0);
    encode(OutboundFrame {
        event_type,
        id: &id.to_string(),
        timestamp: Timestamp::now(),
        metadata,
        data,
    })
}

/// A flat object. The payload's own bytes are in it, unless that has a field of the envelope's: such fields
/// are in `metadata.fields`. A payload that is no object is in the field `data`.
fn encode(mut frame: OutboundFrame<'_>) -> Bytes {
    let fields = flat_fields(&mut frame);
    let mut text = String::with_capacity(fields.len() + 256);
    text.push_str("{\"type\":");
    push_json(&mut text, &frame.event_type);
    text.push_str(",\"id\":");
    push_json(&mut text, &frame.id);
    text.push_str(",\"timestamp\":");
    push_json(&mut text, &frame.timestamp);
    text.push_str(",\"metadata\":");
    push_json(&mut text, &frame.metadata);
    if !fields.is_empty() {
        text.push(',');
        text.push_str(&fields);
    }
    for (event_type, field) in WANTED_AS_NULL {
        let name = format!("\"{field}\"");
        if frame.event_type == *event_type && !fields.contains(&name) {
            text.push_str(&format!(",{name}:null"));
        }
    }
    text.push('}');
    Bytes::from(text)
}

/// The members of the payload, as they are written.
fn flat_fields(frame: &mut OutboundFrame<'_>) -> String {
    let data: &RawValue = frame.data;
    let text = data.get();
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    let Some(inner) = inner else {
        return format!("\"data\":{text}");
    };
    // An escaped name may be any.
    let may_collide = ENVELOPE
        .iter()
        .any(|name| inner.contains(&format!("\"{name}\"")))
        || inner.contains("\\u");
    let object = may_collide.then(|| serde_json::from_str::<FlatObject<'_>>(text));
    let members = match object {
        Some(Ok(FlatObject(members))) => members,
        _ => return inner.trim().to_owned(),
    };
    let is_envelope = |name: &str| ENVELOPE.contains(&name);
    if !members.iter().any(|(name, _)| is_envelope(name)) {
        return inner.trim().to_owned();
    }
    let mut taken = Map::new();
    let mut fields = Vec::new();
    for (name, value) in members {
        if is_envelope(&name) {
            let value = serde_json::from_str(value.get()).unwrap_or_default();
            taken.insert(name.into_owned(), value);
        } else {
            let mut field = String::new();
            push_json(&mut field, &name);
            fields.push(format!("{field}:{}", value.get()));
        }
    }
    frame.metadata.insert("fields".to_owned(), taken.into());
    fields.join(",")
}

fn push_json(text: &mut String, value: &impl serde::Serialize) {
    text.push_str(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn frame(event_type: &str, data: &str) -> String {
        let data = RawValue::from_string(data.to_owned()).unwrap();
        let metadata = json!({"node": "bot"}).as_object().cloned().unwrap();
        let bytes = encode(OutboundFrame {
            event_type,
            id: "x",
            timestamp: Timestamp::from_unix_ms(0),
            metadata,
            data: &data,
        });
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    const HEAD: &str =
        r#","id":"x","timestamp":"1970-01-01T00:00:00.000Z","metadata":{"node":"bot"}"#;

    #[test]
    fn the_bytes_of_a_payload_are_the_fields_of_its_frame() {
        for (data, fields) in [
            ("{}", ""),
            ("{ }", ""),
            (r#"{"b":1.50,"a":"\"id\""}"#, r#","b":1.50,"a":"\"id\"""#),
            (
                r#"{"n": 12345678901234567890, "in": {"id": 1}}"#,
                r#","n": 12345678901234567890, "in": {"id": 1}"#,
            ),
            ("[1, 2]", r#","data":[1, 2]"#),
            ("null", r#","data":null"#),
            (r#""text""#, r#","data":"text""#),
        ] {
            let expected = format!("{{\"type\":\"my.type\"{HEAD}{fields}}}");
            assert_eq!(frame("my.type", data), expected);
        }
    }

    #[test]
    fn fields_of_the_envelope_are_in_the_metadata() {
        for name in ["\"id\"", r#""\u0069d""#] {
            let text = frame("a", &format!(r#"{{"a": 1.0,{name}:7,"b":2}}"#));
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                value["metadata"],
                json!({"node": "bot", "fields": {"id": 7}})
            );
            assert_eq!(value["id"], "x");
            assert!(text.ends_with(r#","a":1.0,"b":2}"#), "{text}");
        }
    }

    #[test]
    fn an_optional_field_that_clients_want_is_null() {
        for (data, end) in [
            ("{}", r#","on_hold_music":null}"#),
            (r#"{"on_hold_music":"none"}"#, r#","on_hold_music":"none"}"#),
        ] {
            assert!(frame(TRANSFER_CALL, data).ends_with(end));
        }
        assert!(!frame("agent.speak", "{}").contains("null"));
    }
}
