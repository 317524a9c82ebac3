//! Inbound frames: each is one flat JSON object, which is an event.

use std::collections::BTreeMap;
use std::fmt;

use contract::event_type::InvalidEventType;
use contract::{EntityId, EventType, NewEvent, Target};
use door_kit::{InvalidJson, Problem, check_json, parse_json};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::{RawValue, to_raw_value};

use crate::encode::OriginalFields;
use crate::field_names::LOG;
use crate::recent_events::FrameContent;

/// The event of an inbound frame. Its sender and its target are the names that the client has for them.
pub(crate) struct InboundEvent {
    pub(crate) event_type: EventType,
    pub(crate) sender: String,
    pub(crate) target: Option<String>,
    created_at: Option<Box<RawValue>>,
    description: Option<String>,
    summary: Option<String>,
    payload: BTreeMap<String, Box<RawValue>>,
}

/// A frame of a client, as far as it could be decoded.
pub(crate) struct InboundFrame {
    /// Its type, as the client wrote it.
    pub(crate) event_type: Option<String>,
    pub(crate) event: Result<InboundEvent, Problem>,
}

/// The fields of a frame, each once.
#[derive(Default)]
struct Fields(BTreeMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> de::Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value: Box<RawValue> = map.next_value()?;
            if fields.contains_key(&name) {
                // In the words by which its field is known.
                return Err(de::Error::custom(format!("duplicate field `{name}`")));
            }
            fields.insert(name, value);
        }
        Ok(Fields(fields))
    }
}

impl InboundFrame {
    pub(crate) fn decode(text: &str) -> Self {
        if let Err(InvalidJson {
            problem,
            event_type,
            ..
        }) = check_json(text)
        {
            let event = Err(problem);
            return Self { event_type, event };
        }
        let mut fields: Fields = match parse_fields(text) {
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

fn parse_fields(text: &str) -> Result<Fields, Problem> {
    // A frame may have any field. To keep the path for an error costs as much as to parse it, so that is done
    // again for a frame that is refused.
    if let Ok(fields) = serde_json::from_str(text) {
        return Ok(fields);
    }
    let fields = parse_json(text.as_bytes());
    // These clients have frames, and no bodies.
    fields.map_err(|problem| Problem {
        detail: problem
            .detail
            .replace("the body is not", "the frame is not"),
        ..problem
    })
}

fn decode_event(event_type: &str, mut fields: Fields) -> Result<InboundEvent, Problem> {
    let event_type: EventType = event_type
        .parse()
        .map_err(|error: InvalidEventType| Problem::invalid("event_type", error.to_string()))?;
    let sender = required_text(&mut fields, "sender_id")?;
    let target = optional_text(&mut fields, "target_id")?;
    let created_at = fields.0.remove("created_at");
    let description = optional_text(&mut fields, "description")?;
    let summary = optional_text(&mut fields, "summary")?;
    fields.0.remove(LOG);
    Ok(InboundEvent {
        event_type,
        sender,
        target,
        created_at,
        description,
        summary,
        payload: fields.0,
    })
}

impl InboundEvent {
    /// What makes the frame the same as another; none for a frame without a time, of which each is its own.
    pub(crate) fn content(&self) -> Option<FrameContent<'_>> {
        let created_at = self.created_at.as_ref().map(|time| time.get());
        Some(FrameContent {
            event_type: self.event_type.as_str(),
            sender: &self.sender,
            target: self.target.as_deref(),
            created_at: created_at.filter(|time| *time != "null")?,
            description: self.description.as_deref().unwrap_or_default(),
            summary: self.summary.as_deref(),
            payload: &self.payload,
        })
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
        // The world has two names, of which its clients use one.
        let is_other_name = |name: &String| match &target {
            Some(target) => *name != target.to_string() || target.names(&EntityId::world()),
            None => false,
        };
        let original = OriginalFields {
            created_at: self.created_at.clone(),
            sender_id: (self.sender != sender.as_str()).then(|| self.sender.clone()),
            target_id: self.target.clone().filter(is_other_name),
        };
        Ok(NewEvent {
            target,
            description: self.description.clone(),
            summary: self.summary.clone(),
            metadata: Some(to_raw(&original)?),
            ..NewEvent::new(self.event_type.clone(), to_raw(&self.payload)?)
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
    let Some(value) = fields.0.remove(name) else {
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
            "event_id": "its own", "manyworlds": {"sequence": "1.0"},
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
        let data = r#"{"event_id":"its own","message":"Hi","new_position":{"x":1}}"#;
        assert_eq!(event.data.get(), data);
    }

    #[test]
    fn a_frame_keeps_the_names_of_its_client() {
        for (sender, target, original) in [
            ("ada", "bob", "{}"),
            ("ada", "lobby", r#"{"target_id":"lobby"}"#),
            ("ada", "world", r#"{"target_id":"world"}"#),
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
            (r#"{"event_type":"a","x":1,"x":2}"#, Some("a"), Some("x")),
            (r#"{"event_type":"a","x":[NaN]}"#, Some("a"), Some("x[0]")),
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
