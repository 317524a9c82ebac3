//! Outbound frames: each is one flat JSON object.

use std::collections::BTreeMap;

use contract::commit::Position;
use contract::{CloudEvent, EntityId, EventId, Target, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::field_names::{BASE_FIELDS, LOG, LOG_FIELDS};
use crate::identity::ClientIdentity;
use crate::mapping::{self, MappedEvent};
use crate::recent_events::FrameContent;

/// The bytes of a frame beside its payload, roughly.
const FIELDS_BYTES: usize = 512;

#[derive(Serialize)]
struct FlatFrame<'a, M: Serialize, F: Serialize> {
    event_type: &'a str,
    description: &'a str,
    summary: Option<&'a str>,
    created_at: M,
    sender_id: &'a str,
    target_id: Option<&'a str>,
    #[serde(flatten)]
    fields: F,
}

#[derive(Serialize)]
struct EventFields<'a> {
    #[serde(flatten)]
    payload: &'a BTreeMap<String, Box<RawValue>>,
    #[serde(flatten)]
    log: LogPlace,
}

/// What the log adds, and where.
#[derive(Serialize)]
#[serde(untagged)]
enum LogPlace {
    Beside(LogFields),
    Within {
        #[serde(rename = "manyworlds")]
        log: LogFields,
    },
}

#[derive(Serialize)]
struct LogFields {
    event_id: EventId,
    /// What a client passes as `after` to resume after this event.
    sequence: Position,
    /// When it happened, by the clock of the world.
    recorded_at: Timestamp,
}

impl LogPlace {
    fn new(event: &CloudEvent, payload: &BTreeMap<String, Box<RawValue>>) -> Self {
        let log = LogFields {
            event_id: event.id,
            sequence: event.sequence,
            recorded_at: event.time,
        };
        match LOG_FIELDS.iter().any(|name| payload.contains_key(*name)) {
            true => Self::Within { log },
            false => Self::Beside(log),
        }
    }
}

/// The fields of an inbound frame that an event has no place for. They are the event's metadata.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct OriginalFields {
    /// When the sender made it, by its own clock and in its own format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Box<RawValue>>,
    /// The name that the sender has for itself, where that is not its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sender_id: Option<String>,
    /// The name that the sender has for the target, where that is not its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_id: Option<String>,
}

/// An event of the world as these clients have it: parsed once, for its frames and for what they contain.
pub(crate) struct FlatEvent<'a> {
    event: &'a CloudEvent,
    mapped: MappedEvent<'a>,
    original: OriginalFields,
    /// The JSON of its time: that of its sender, or else that of the log.
    created_at: Box<RawValue>,
}

impl<'a> FlatEvent<'a> {
    /// Nothing when GenWorlds has no such event.
    pub(crate) fn new(event: &'a CloudEvent) -> Option<Self> {
        let mapped = own_fields(event)?;
        let mut original = original_fields(event);
        let created_at = match original.created_at.take() {
            Some(created_at) => created_at,
            None => serde_json::value::to_raw_value(&event.time).ok()?,
        };
        Some(Self {
            event,
            mapped,
            original,
            created_at,
        })
    }

    /// The frame for a client with this identity.
    pub(crate) fn encode(&self, recipient: Option<&ClientIdentity>) -> Option<String> {
        let target = self.target(recipient);
        let frame = FlatFrame {
            event_type: self.mapped.event_type,
            description: self.mapped.description,
            summary: self.event.summary.as_deref(),
            created_at: &self.created_at,
            sender_id: self.sender(),
            target_id: target.as_deref(),
            fields: EventFields {
                payload: &self.mapped.payload,
                log: LogPlace::new(self.event, &self.mapped.payload),
            },
        };
        let mut json = Vec::with_capacity(self.event.data.get().len() + FIELDS_BYTES);
        serde_json::to_writer(&mut json, &frame).ok()?;
        String::from_utf8(json).ok()
    }

    /// What makes its frame the same as another, as clients receive it.
    pub(crate) fn with_content<T>(&self, take: impl FnOnce(&FrameContent<'_>) -> T) -> T {
        let target = self.target(None);
        take(&FrameContent {
            event_type: self.mapped.event_type,
            sender: self.sender(),
            target: target.as_deref(),
            created_at: self.created_at.get(),
            description: self.mapped.description,
            summary: self.event.summary.as_deref(),
            payload: &self.mapped.payload,
        })
    }

    fn sender(&self) -> &str {
        let original = self.original.sender_id.as_deref();
        original.unwrap_or_else(|| entity_name(&self.event.sender, self.event.world.as_str()))
    }

    fn target(&self, recipient: Option<&ClientIdentity>) -> Option<String> {
        let target = self.event.target.as_ref()?;
        let original = self.original.target_id.clone();
        let world = self.event.world.as_str();
        Some(target_name(target, world, recipient, original))
    }
}

fn own_fields(event: &CloudEvent) -> Option<MappedEvent<'_>> {
    let mut mapped = mapping::map_event(event)?;
    for name in BASE_FIELDS.iter().chain([&LOG]) {
        mapped.payload.remove(*name);
    }
    Some(mapped)
}

fn original_fields(event: &CloudEvent) -> OriginalFields {
    let original = event.metadata.as_deref();
    let original = original.and_then(|original| serde_json::from_str(original).ok());
    original.unwrap_or_default()
}

/// A frame of the world itself to one client. It is not an event.
pub(crate) fn encode_from_world(
    world: &str,
    event_type: &str,
    description: &str,
    target: Option<&str>,
    fields: impl Serialize,
) -> String {
    let frame = FlatFrame {
        event_type,
        description,
        summary: None,
        created_at: Timestamp::now(),
        sender_id: world,
        target_id: target,
        fields,
    };
    serde_json::to_string(&frame).unwrap_or_default()
}

/// The name of an entity for these clients: that of the world itself is the world's id.
fn entity_name<'a>(entity: &'a EntityId, world: &'a str) -> &'a str {
    if *entity == EntityId::world() {
        world
    } else {
        entity.as_str()
    }
}

/// The target of a frame. These clients know one target: of several, each finds the name that it has for
/// itself, and all others the name that the sender used.
fn target_name(
    target: &Target,
    world: &str,
    recipient: Option<&ClientIdentity>,
    original: Option<String>,
) -> String {
    if let Some(recipient) = recipient.filter(|recipient| target.names(&recipient.id)) {
        return recipient.name.clone();
    }
    match (original, target) {
        (Some(original), _) => original,
        (None, Target::Entities(entities)) => {
            let names = entities.iter().map(|id| entity_name(id, world));
            names.collect::<Vec<&str>>().join(",")
        }
        (None, Target::Role(_)) => target.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mapping::tests::event;

    fn encoded(event: &CloudEvent, recipient: Option<&str>) -> Value {
        let recipient = recipient.map(|name| ClientIdentity {
            id: name.to_lowercase().parse().unwrap(),
            name: name.to_owned(),
        });
        let event = FlatEvent::new(event).unwrap();
        serde_json::from_str(&event.encode(recipient.as_ref()).unwrap()).unwrap()
    }

    #[test]
    fn an_event_is_a_flat_frame() {
        let mut event = event("new_matrix", r#"{"rows":[[1.0e2]],"sender_id":"eve"}"#);
        event.summary = Some("a matrix".to_owned());
        event.metadata = Some(r#"{"created_at":"2023-10-09T12:56:42.104327"}"#.to_owned());
        let text = FlatEvent::new(&event).unwrap().encode(None).unwrap();
        assert!(text.contains(r#""rows":[[1.0e2]]"#), "{text}");
        let expected = json!({
            "event_type": "new_matrix", "description": "", "summary": "a matrix",
            "created_at": "2023-10-09T12:56:42.104327", "sender_id": "ada", "target_id": null,
            "rows": [[100.0]], "event_id": event.id, "sequence": "7.2", "recorded_at": event.time,
        });
        assert_eq!(encoded(&event, None), expected);
        event.metadata = Some(r#"{"sender_id":"Ada L"}"#.to_owned());
        assert_eq!(encoded(&event, None)["sender_id"], "Ada L");
        event.metadata = None;
        assert_eq!(encoded(&event, None)["created_at"], json!(event.time));
    }

    #[test]
    fn each_target_finds_its_own_name() {
        for (target, original, recipient, expected) in [
            ("bob", None, Some("bob"), "bob"),
            ("bob,eve", None, Some("eve"), "eve"),
            ("bob,eve", None, Some("ada"), "bob,eve"),
            ("bob,world", None, None, "bob,lobby"),
            ("world", None, None, "lobby"),
            ("world", Some("world"), None, "world"),
            ("bob", Some("Bob B"), Some("ada"), "Bob B"),
            ("bob", Some("Bob B"), Some("bob"), "bob"),
            ("bob", None, Some("BOB"), "BOB"),
            ("role:judge", None, None, "role:judge"),
        ] {
            let mut event = event("a", "{}");
            event.target = Some(target.parse().unwrap());
            event.metadata = original.map(|name| json!({"target_id": name}).to_string());
            assert_eq!(
                encoded(&event, recipient)["target_id"],
                expected,
                "{target}"
            );
        }
    }

    #[test]
    fn a_field_of_the_sender_stands_where_the_log_has_one_too() {
        let data = r#"{"sequence":17,"event_id":"mine","manyworlds":1}"#;
        let event = event("a", data);
        let expected = json!({"event_id": event.id, "sequence": "7.2", "recorded_at": event.time});
        let frame = encoded(&event, None);
        assert_eq!(frame["manyworlds"], expected);
        assert_eq!(
            (&frame["sequence"], &frame["event_id"]),
            (&json!(17), &json!("mine"))
        );
        assert!(frame.get("recorded_at").is_none());
    }

    #[test]
    fn the_content_of_an_event_is_that_of_its_frame() {
        let mut event = event("a", r#"{"x":1,"sender_id":"eve","sequence":7}"#);
        event.target = Some("world".parse().unwrap());
        FlatEvent::new(&event).unwrap().with_content(|content| {
            let frame = encoded(&event, None);
            let names: Vec<&str> = content.payload.keys().map(String::as_str).collect();
            assert_eq!(names, ["sequence", "x"]);
            assert_eq!(frame["sender_id"], content.sender);
            assert_eq!(frame["target_id"], content.target.unwrap());
            assert_eq!(frame["created_at"].to_string(), content.created_at);
        });
    }
}
