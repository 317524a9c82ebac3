//! Inbound frames: each is one flat JSON object, which is an event.

use std::collections::BTreeMap;

use contract::event_type::InvalidEventType;
use contract::{EntityId, EventType, NewEvent, Target};
use door_kit::{Problem, parse_json};
use serde_json::value::{RawValue, to_raw_value};

use crate::encode::{LOG_FIELDS, OriginalFields};

/// The event of an inbound frame. Its sender and its target are the names that the client has for them.
pub(crate) struct InboundEvent {
    pub(crate) sender: String,
    pub(crate) target: Option<String>,
    created_at: Option<Box<RawValue>>,
    event: NewEvent,
}

/// A frame of a client, as far as it could be decoded.
pub(crate) struct InboundFrame {
    /// Its type, as the client wrote it.
    pub(crate) event_type: Option<String>,
    pub(crate) event: Result<InboundEvent, Problem>,
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl InboundFrame {
    pub(crate) fn decode(text: &str) -> Self {
        let mut fields: Fields = match parse_json(text.as_bytes()) {
            Ok(fields) => fields,
            Err(problem) => {
                return Self {
                    event_type: None,
                    event: Err(problem),
                };
            }
        };
        let event_type = required_text(&mut fields, "event_type");
        Self {
            event_type: event_type.as_ref().ok().cloned(),
            event: event_type.and_then(|event_type| decode_event(&event_type, fields)),
        }
    }
}

fn decode_event(event_type: &str, mut fields: Fields) -> Result<InboundEvent, Problem> {
    let event_type: EventType = event_type
        .parse()
        .map_err(|error: InvalidEventType| Problem::invalid("event_type", error.to_string()))?;
    let sender = required_text(&mut fields, "sender_id")?;
    let target = optional_text(&mut fields, "target_id")?;
    let created_at = fields.remove("created_at");
    let description = optional_text(&mut fields, "description")?;
    let summary = optional_text(&mut fields, "summary")?;
    // A recording that is replayed has them from another log.
    for name in LOG_FIELDS {
        fields.remove(name);
    }
    let event = NewEvent {
        description,
        summary,
        ..NewEvent::new(event_type, to_raw(&fields)?)
    };
    Ok(InboundEvent {
        sender,
        target,
        created_at,
        event,
    })
}

impl InboundEvent {
    pub(crate) fn event_type(&self) -> &EventType {
        &self.event.event_type
    }

    /// The event, with the sender and the target that the names of the frame stand for.
    ///
    /// # Errors
    /// 500 when it can't be written as JSON, which no client can cause.
    pub(crate) fn resolved(
        &self,
        sender: &EntityId,
        target: Option<Target>,
    ) -> Result<NewEvent, Problem> {
        let is_other_name = |name: &String| match &target {
            Some(target) => *name != target.to_string(),
            None => false,
        };
        let original = OriginalFields {
            created_at: self.created_at.clone(),
            sender_id: (self.sender != sender.as_str()).then(|| self.sender.clone()),
            target_id: self.target.clone().filter(is_other_name),
        };
        Ok(NewEvent {
            target,
            metadata: Some(to_raw(&original)?),
            ..self.event.clone()
        })
    }
}

fn to_raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Problem> {
    to_raw_value(value).map_err(|_| Problem::internal())
}

fn required_text(fields: &mut Fields, name: &str) -> Result<String, Problem> {
    optional_text(fields, name)?
        .ok_or_else(|| Problem::invalid(name, format!("an event has the text {name}")))
}

/// Removes a text from a frame; null is none.
fn optional_text(fields: &mut Fields, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = fields.remove(name) else {
        return Ok(None);
    };
    serde_json::from_str(value.get())
        .map_err(|_| Problem::invalid(name, format!("{name} is a text")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_frame_is_an_event() {
        let frame = json!({
            "event_type": "user_speaks_with_agent_event", "description": "It speaks.",
            "summary": null, "created_at": "2023-10-09T12:56:42.104327", "sender_id": "test_user",
            "target_id": "qna_agent", "message": "Hi", "new_position": {"x": 1},
            "event_id": "of another log", "sequence": "1.0", "recorded_at": "then",
        });
        let inbound = InboundFrame::decode(&frame.to_string()).event.unwrap();
        assert_eq!(inbound.sender, "test_user");
        assert_eq!(inbound.target.as_deref(), Some("qna_agent"));
        let target = "qna_agent".parse().unwrap();
        let sender = "test_user".parse().unwrap();
        let event = inbound.resolved(&sender, Some(target)).unwrap();
        assert_eq!(event.description.as_deref(), Some("It speaks."));
        assert_eq!(event.summary, None);
        let metadata = r#"{"created_at":"2023-10-09T12:56:42.104327"}"#;
        assert_eq!(event.metadata.unwrap().get(), metadata);
        let data = r#"{"message":"Hi","new_position":{"x":1}}"#;
        assert_eq!(event.data.get(), data);
    }

    #[test]
    fn a_frame_keeps_the_names_of_its_client() {
        for (sender, target, original) in [
            ("ada", "bob", "{}"),
            ("ada", "lobby", r#"{"target_id":"lobby"}"#),
            ("Ada L", "bob", r#"{"sender_id":"Ada L"}"#),
        ] {
            let frame = json!({"event_type": "a", "sender_id": sender, "target_id": target});
            let inbound = InboundFrame::decode(&frame.to_string()).event.unwrap();
            let meant = if target == "lobby" { "world" } else { target };
            let sender = "ada".parse().unwrap();
            let event = inbound.resolved(&sender, meant.parse().ok()).unwrap();
            assert_eq!(event.metadata.unwrap().get(), original, "{frame}");
        }
    }

    #[test]
    fn an_invalid_frame_is_refused_with_its_type_and_its_field() {
        for (text, event_type, field) in [
            ("no json", None, None),
            ("[]", None, None),
            ("{}", None, Some("event_type")),
            (r#"{"event_type":1}"#, None, Some("event_type")),
            (r#"{"event_type":"a b"}"#, Some("a b"), Some("event_type")),
            (r#"{"event_type":"a"}"#, Some("a"), Some("sender_id")),
            (
                r#"{"event_type":"a","sender_id":null}"#,
                Some("a"),
                Some("sender_id"),
            ),
            (
                r#"{"event_type":"a","sender_id":"b","target_id":["c"]}"#,
                Some("a"),
                Some("target_id"),
            ),
            (
                r#"{"event_type":"a","sender_id":"b","summary":1}"#,
                Some("a"),
                Some("summary"),
            ),
        ] {
            let frame = InboundFrame::decode(text);
            assert_eq!(frame.event_type.as_deref(), event_type, "{text}");
            let problem = frame.event.err().unwrap();
            assert_eq!(problem.field.as_deref(), field, "{text}");
        }
    }
}
