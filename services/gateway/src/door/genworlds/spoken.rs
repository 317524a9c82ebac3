//! What a client says: one flat JSON object, which is an event.

use std::collections::BTreeMap;

use contract::{EntityId, NewEvent, Target};
use serde_json::value::{RawValue, to_raw_value};

use super::told::{Claims, LOG_FIELDS};
use crate::body;
use crate::problem::Problem;

/// An event, in whose name and for whom: by the names that the client has for them.
pub(super) struct Spoken {
    pub(super) sender: String,
    pub(super) target: Option<String>,
    created_at: Option<Box<RawValue>>,
    event: NewEvent,
}

/// A frame, as far as it could be read.
pub(super) struct Frame {
    /// Its type, as it was written.
    pub(super) event_type: Option<String>,
    pub(super) spoken: Result<Spoken, Problem>,
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl Frame {
    /// Reads a frame.
    pub(super) fn read(text: &str) -> Self {
        let mut fields: Fields = match body::parse(text.as_bytes()) {
            Ok(fields) => fields,
            Err(problem) => {
                return Self {
                    event_type: None,
                    spoken: Err(problem),
                };
            }
        };
        let event_type = required(&mut fields, "event_type");
        Self {
            event_type: event_type.as_ref().ok().cloned(),
            spoken: event_type.and_then(|event_type| read(&event_type, fields)),
        }
    }
}

fn read(event_type: &str, mut fields: Fields) -> Result<Spoken, Problem> {
    let event_type = event_type
        .parse()
        .map_err(|error| invalid("event_type", &error))?;
    let sender = required(&mut fields, "sender_id")?;
    let target = optional(&mut fields, "target_id")?;
    let created_at = fields.remove("created_at");
    let description = optional(&mut fields, "description")?;
    let summary = optional(&mut fields, "summary")?;
    // A recording that is played again has them from another log.
    for name in LOG_FIELDS {
        fields.remove(name);
    }
    let event = NewEvent {
        description,
        summary,
        ..NewEvent::new(event_type, raw(&fields)?)
    };
    Ok(Spoken {
        sender,
        target,
        created_at,
        event,
    })
}

impl Spoken {
    /// The event, by a sender and for a target that the names of this frame stand for.
    ///
    /// # Errors
    /// None that a client can meet: what was read can be written.
    pub(super) fn event(
        &self,
        sender: &EntityId,
        target: Option<Target>,
    ) -> Result<NewEvent, Problem> {
        let is_other_name = |name: &String| match &target {
            Some(target) => *name != target.to_string(),
            None => false,
        };
        let claims = Claims {
            created_at: self.created_at.clone(),
            sender_id: (self.sender != sender.as_str()).then(|| self.sender.clone()),
            target_id: self.target.clone().filter(is_other_name),
        };
        Ok(NewEvent {
            target,
            metadata: Some(raw(&claims)?),
            ..self.event.clone()
        })
    }
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Problem> {
    to_raw_value(value).map_err(|_| Problem::internal())
}

fn required(fields: &mut Fields, name: &str) -> Result<String, Problem> {
    optional(fields, name)?
        .ok_or_else(|| Problem::invalid(name, format!("an event has the text {name}")))
}

/// Takes a text out of a frame; null is none.
fn optional(fields: &mut Fields, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = fields.remove(name) else {
        return Ok(None);
    };
    serde_json::from_str(value.get())
        .map_err(|_| Problem::invalid(name, format!("{name} is a text")))
}

pub(super) fn invalid(field: &str, error: &impl ToString) -> Problem {
    Problem::invalid(field, error.to_string())
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
        let spoken = Frame::read(&frame.to_string()).spoken.unwrap();
        assert_eq!(spoken.sender, "test_user");
        assert_eq!(spoken.target.as_deref(), Some("qna_agent"));
        let target = "qna_agent".parse().unwrap();
        let sender = "test_user".parse().unwrap();
        let event = spoken.event(&sender, Some(target)).unwrap();
        assert_eq!(event.description.as_deref(), Some("It speaks."));
        assert_eq!(event.summary, None);
        let metadata = r#"{"created_at":"2023-10-09T12:56:42.104327"}"#;
        assert_eq!(event.metadata.unwrap().get(), metadata);
        let data = r#"{"message":"Hi","new_position":{"x":1}}"#;
        assert_eq!(event.data.get(), data);
    }

    #[test]
    fn a_frame_keeps_the_names_that_its_client_has() {
        for (sender, target, claims) in [
            ("ada", "bob", "{}"),
            ("ada", "lobby", r#"{"target_id":"lobby"}"#),
            ("Ada L", "bob", r#"{"sender_id":"Ada L"}"#),
        ] {
            let frame = json!({"event_type": "a", "sender_id": sender, "target_id": target});
            let spoken = Frame::read(&frame.to_string()).spoken.unwrap();
            let meant = if target == "lobby" { "world" } else { target };
            let sender = "ada".parse().unwrap();
            let event = spoken.event(&sender, meant.parse().ok()).unwrap();
            assert_eq!(event.metadata.unwrap().get(), claims, "{frame}");
        }
    }

    #[test]
    fn a_bad_frame_is_refused_with_its_type_and_its_field() {
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
            let frame = Frame::read(text);
            assert_eq!(frame.event_type.as_deref(), event_type, "{text}");
            let problem = frame.spoken.err().unwrap();
            assert_eq!(problem.field.as_deref(), field, "{text}");
        }
    }
}
