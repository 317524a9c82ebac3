//! What a client says: one flat JSON object, which is an event.

use std::collections::BTreeMap;

use contract::{Draft, EntityId, Target, WorldId};
use serde_json::value::{RawValue, to_raw_value};

use super::told::{Claims, LOG_FIELDS};
use crate::body;
use crate::problem::Problem;

/// An event, and in whose name.
pub(super) struct Spoken {
    pub(super) sender: EntityId,
    pub(super) event: Draft,
}

/// A frame, as far as it could be read.
pub(super) struct Frame {
    /// Its type, as it was written.
    pub(super) event_type: Option<String>,
    pub(super) spoken: Result<Spoken, Problem>,
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl Frame {
    /// Reads a frame of a client of `world`.
    pub(super) fn read(text: &str, world: &WorldId) -> Self {
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
            spoken: event_type.and_then(|event_type| read(&event_type, fields, world)),
        }
    }
}

fn read(event_type: &str, mut fields: Fields, world: &WorldId) -> Result<Spoken, Problem> {
    let event_type = event_type
        .parse()
        .map_err(|error| invalid("event_type", &error))?;
    let sender = required(&mut fields, "sender_id")?;
    let sender = entity(&sender, world).map_err(|error| invalid("sender_id", &error))?;
    let named = optional(&mut fields, "target_id")?;
    let target = named
        .as_deref()
        .map(|named| target(named, world).map_err(|error| invalid("target_id", &error)))
        .transpose()?;
    let is_other_name =
        target.as_ref().is_some_and(is_the_world) && named.as_deref() != Some(world.as_str());
    let claims = Claims {
        created_at: fields.remove("created_at"),
        target_id: named.filter(|_| is_other_name),
    };
    let description = optional(&mut fields, "description")?;
    let summary = optional(&mut fields, "summary")?;
    // A recording that is played again has them from another log.
    for name in LOG_FIELDS {
        fields.remove(name);
    }
    let event = Draft {
        target,
        description,
        summary,
        metadata: Some(raw(&claims)?),
        ..Draft::new(event_type, raw(&fields)?)
    };
    Ok(Spoken { sender, event })
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Problem> {
    to_raw_value(value).map_err(|_| Problem::internal())
}

/// The entity of this id. The world is called by its own id here.
fn entity(name: &str, world: &WorldId) -> Result<EntityId, contract::id::InvalidId> {
    if name == world.as_str() {
        return Ok(EntityId::world());
    }
    name.parse()
}

fn target(name: &str, world: &WorldId) -> Result<Target, contract::event::InvalidTarget> {
    if name == world.as_str() {
        return Ok(Target::Entities(vec![EntityId::world()]));
    }
    name.parse()
}

fn is_the_world(target: &Target) -> bool {
    matches!(target, Target::Entities(entities) if entities[..] == [EntityId::world()])
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

fn invalid(field: &str, error: &impl ToString) -> Problem {
    Problem::invalid(field, error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Frame {
        Frame::read(text, &"rag-world".parse().unwrap())
    }

    #[test]
    fn a_frame_is_an_event() {
        let frame = json!({
            "event_type": "user_speaks_with_agent_event", "description": "It speaks.",
            "summary": null, "created_at": "2023-10-09T12:56:42.104327", "sender_id": "test_user",
            "target_id": "qna_agent", "message": "Hi", "new_position": {"x": 1},
            "event_id": "of another log", "sequence": "1.0", "recorded_at": "then",
        });
        let Spoken { sender, event } = read(&frame.to_string()).spoken.unwrap();
        assert_eq!(sender.as_str(), "test_user");
        assert_eq!(event.target, Some("qna_agent".parse().unwrap()));
        assert_eq!(event.description.as_deref(), Some("It speaks."));
        assert_eq!(event.summary, None);
        let metadata = r#"{"created_at":"2023-10-09T12:56:42.104327"}"#;
        assert_eq!(event.metadata.unwrap().get(), metadata);
        let data = r#"{"message":"Hi","new_position":{"x":1}}"#;
        assert_eq!(event.data.get(), data);
    }

    #[test]
    fn the_world_has_two_names() {
        for (name, claim) in [("rag-world", "{}"), ("world", r#"{"target_id":"world"}"#)] {
            let frame = json!({"event_type": "a", "sender_id": "b", "target_id": name});
            let event = read(&frame.to_string()).spoken.unwrap().event;
            assert_eq!(event.target, Some("world".parse().unwrap()));
            assert_eq!(event.metadata.unwrap().get(), claim);
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
                r#"{"event_type":"a","sender_id":"b c"}"#,
                Some("a"),
                Some("sender_id"),
            ),
            (
                r#"{"event_type":"a","sender_id":"b","target_id":["c"]}"#,
                Some("a"),
                Some("target_id"),
            ),
            (
                r#"{"event_type":"a","sender_id":"b","target_id":"c d"}"#,
                Some("a"),
                Some("target_id"),
            ),
            (
                r#"{"event_type":"a","sender_id":"b","summary":1}"#,
                Some("a"),
                Some("summary"),
            ),
        ] {
            let frame = read(text);
            assert_eq!(frame.event_type.as_deref(), event_type, "{text}");
            let problem = frame.spoken.err().unwrap();
            assert_eq!(problem.field.as_deref(), field, "{text}");
        }
    }
}
