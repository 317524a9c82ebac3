//! Frames of clients become events of their sessions.

use std::borrow::Cow;

use contract::Timestamp;
use contract::flow::NewFlowEvent;
use door_kit::check_json;
use serde_json::value::RawValue;

use crate::flat_object::{FlatObject, write_object};

/// A frame that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidFrame {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) field: Option<Cow<'static, str>>,
    /// Its type, if it has one.
    pub(crate) event_type: Option<String>,
    /// The sender's id of it, if it has one.
    pub(crate) event_id: Option<String>,
}

impl InvalidFrame {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            event_type: None,
            event_id: None,
        }
    }

    fn of_field(field: &'static str, message: &str) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new("invalid", message)
        }
    }
}

/// The event of a frame. What a frame has beside `type`, `id`, `timestamp` and `metadata` is its payload, each
/// value as it is written.
///
/// # Errors
/// [`InvalidFrame`] when it is no JSON object, has no type, or has values that not all read alike.
pub(crate) fn decode(frame: &[u8]) -> Result<NewFlowEvent, InvalidFrame> {
    // What is no JSON, the parser reports.
    if let Ok(text) = std::str::from_utf8(frame)
        && let Err(invalid) = check_json(text)
        && invalid.may_be_json
    {
        return Err(InvalidFrame {
            field: invalid.problem.field.map(Cow::Owned),
            ..InvalidFrame::new("invalid", invalid.problem.detail)
        });
    }
    let object: FlatObject<'_> = serde_json::from_slice(frame).map_err(|error| {
        let message = format!("a frame is a JSON object: {error}");
        InvalidFrame::new("malformed_json", message)
    })?;
    let (mut event_type, mut id, mut timestamp, mut metadata) = (None, None, None, None);
    let mut payload = Vec::new();
    for (name, value) in &object.0 {
        match &**name {
            "type" => event_type = text(value),
            "id" => id = text(value).or_else(|| non_null(value).map(|id| id.get().to_owned())),
            "timestamp" => timestamp = text(value),
            "metadata" => metadata = non_null(value),
            name => payload.push((name, *value)),
        }
    }
    let Some(event_type) = event_type else {
        return Err(InvalidFrame {
            event_id: id,
            ..InvalidFrame::of_field("type", "a frame has a type, a text")
        });
    };
    if metadata.is_some_and(|metadata| !metadata.get().starts_with('{')) {
        return Err(InvalidFrame {
            event_type: Some(event_type),
            event_id: id,
            ..InvalidFrame::of_field("metadata", "metadata is a JSON object")
        });
    }
    let data = write_object(payload.into_iter());
    let data = data.ok_or_else(|| InvalidFrame::new("malformed_json", "a name is no text"))?;
    Ok(NewFlowEvent {
        id,
        event_type,
        // Without a zone it is unknown which moment is meant: the time of the commit is used.
        timestamp: timestamp.and_then(|text: String| text.parse::<Timestamp>().ok()),
        metadata: metadata.map(ToOwned::to_owned),
        data,
    })
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

fn non_null(value: &RawValue) -> Option<&RawValue> {
    (value.get() != "null").then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_keeps_its_order_and_its_numbers() {
        let frame = br#" {"z": 1.50, "type": "my.type", "id": "a", "big": 12345678901234567890123,
            "timestamp": "2026-01-01T00:00:00+01:00", "metadata": {"k": 1.0}, "a": {"x":  [ ]}} "#;
        let event = decode(frame).unwrap();
        assert_eq!(event.event_type, "my.type");
        assert_eq!(event.id.as_deref(), Some("a"));
        assert_eq!(event.metadata.unwrap().get(), r#"{"k": 1.0}"#);
        let at = event.timestamp.unwrap().to_string();
        assert_eq!(at, "2025-12-31T23:00:00.000Z");
        assert_eq!(
            event.data.get(),
            r#"{"z":1.50,"big":12345678901234567890123,"a":{"x":  [ ]}}"#
        );
    }

    #[test]
    fn what_clients_of_atoms_write_is_understood() {
        let frame = br#"{"type":"system.llm.request","timestamp":"2026-11-28T22:00:00.123456","extra_params":{},"id":null,"metadata":null}"#;
        let event = decode(frame).unwrap();
        assert!(event.timestamp.is_none() && event.id.is_none() && event.metadata.is_none());
        assert_eq!(event.data.get(), r#"{"extra_params":{}}"#);
        let number = decode(br#"{"type":"a","id":7}"#).unwrap();
        assert_eq!(number.id.as_deref(), Some("7"));
        assert_eq!(number.data.get(), "{}");
    }

    #[test]
    fn what_is_no_event_has_its_reason() {
        for (frame, code, field) in [
            (&b"{"[..], "malformed_json", None),
            (b"[1]", "malformed_json", None),
            (b"\xff\xfe", "malformed_json", None),
            (b"{} {}", "malformed_json", None),
            (br#"{"id":"a"}"#, "invalid", Some("type")),
            (br#"{"type":"a","x":[1e400]}"#, "invalid", Some("x[0]")),
            (
                br#"{"type":"a","x":{"y":"\udfff"}}"#,
                "invalid",
                Some("x.y"),
            ),
            (br#"{"type":"a","x":{"y":1,"y":1}}"#, "invalid", Some("x.y")),
            (br#"{"type":7}"#, "invalid", Some("type")),
            (
                br#"{"type":"a","metadata":[1]}"#,
                "invalid",
                Some("metadata"),
            ),
        ] {
            let invalid = decode(frame).unwrap_err();
            let named = invalid.field.as_deref();
            assert_eq!((invalid.code, named), (code, field), "{invalid:?}");
        }
    }
}
