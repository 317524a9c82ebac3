//! Outbound frames: each is one flat JSON object.

use std::collections::BTreeMap;

use contract::commit::Position;
use contract::{CloudEvent, EntityId, EventId, Target, Timestamp};
use door_kit::is_visible_to;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::identity::ClientIdentity;
use crate::mapping::{self, MappedEvent};

/// The fields that every frame has. A field of an event's payload can't replace one of them.
pub(crate) const BASE_FIELDS: [&str; 6] = [
    "event_type",
    "description",
    "summary",
    "created_at",
    "sender_id",
    "target_id",
];
/// The fields that the log adds to an event.
pub(crate) const LOG_FIELDS: [&str; 3] = ["event_id", "sequence", "recorded_at"];

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
struct EventFields {
    #[serde(flatten)]
    payload: BTreeMap<String, Box<RawValue>>,
    event_id: EventId,
    /// What a client passes as `after` to resume after this event.
    sequence: Position,
    /// When it happened, by the clock of the world.
    recorded_at: Timestamp,
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

/// Which events that are for others a connection receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// All of them.
    All,
    /// All of them while it has no identity: objects only react, recorders only receive, and these
    /// clients select by themselves what is for them.
    AllUntilIdentified,
    /// None of them: only those for its own entity.
    Own,
}

/// Whether a connection receives an event.
pub(crate) fn is_received(
    visibility: Visibility,
    identity: Option<&EntityId>,
    event: &CloudEvent,
) -> bool {
    match (visibility, identity) {
        (Visibility::All, _) | (Visibility::AllUntilIdentified, None) => true,
        (Visibility::Own, None) => event.target.is_none(),
        (_, Some(entity)) => is_visible_to(event, entity),
    }
}

/// An event of the world as a frame for a client with this identity; nothing when GenWorlds has no such
/// event.
pub(crate) fn encode_event(
    event: &CloudEvent,
    recipient: Option<&ClientIdentity>,
) -> Option<String> {
    let MappedEvent {
        event_type,
        description,
        mut payload,
    } = mapping::map_event(event)?;
    for name in BASE_FIELDS.iter().chain(&LOG_FIELDS) {
        payload.remove(*name);
    }
    let original = event.metadata.as_deref();
    let original: OriginalFields = original
        .and_then(|original| serde_json::from_str(original).ok())
        .unwrap_or_default();
    let created_at = match original.created_at {
        Some(created_at) => created_at,
        None => serde_json::value::to_raw_value(&event.time).ok()?,
    };
    let world = event.world.as_str();
    let target = event.target.as_ref();
    let target = target.map(|target| target_name(target, world, recipient, original.target_id));
    let sender = original.sender_id;
    let sender = sender.as_deref();
    let frame = FlatFrame {
        event_type,
        description,
        summary: event.summary.as_deref(),
        created_at,
        sender_id: sender.unwrap_or_else(|| entity_name(&event.sender, world)),
        target_id: target.as_deref(),
        fields: EventFields {
            payload,
            event_id: event.id,
            sequence: event.sequence,
            recorded_at: event.time,
        },
    };
    serde_json::to_string(&frame).ok()
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
        serde_json::from_str(&encode_event(event, recipient.as_ref()).unwrap()).unwrap()
    }

    #[test]
    fn an_event_is_a_flat_frame() {
        let mut event = event("new_matrix", r#"{"rows":[[1.0e2]],"sender_id":"eve"}"#);
        event.summary = Some("a matrix".to_owned());
        event.metadata = Some(r#"{"created_at":"2023-10-09T12:56:42.104327"}"#.to_owned());
        let text = encode_event(&event, None).unwrap();
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
    fn a_connection_receives_what_is_for_it() {
        use Visibility::{All, AllUntilIdentified, Own};
        for (visibility, identity, target, expected) in [
            (Own, None, None, true),
            (Own, None, Some("bob"), false),
            (AllUntilIdentified, None, Some("bob"), true),
            (All, None, Some("bob"), true),
            (Own, Some("bob"), None, true),
            (Own, Some("bob"), Some("bob"), true),
            (Own, Some("bob"), Some("eve"), false),
            (Own, Some("ada"), Some("eve"), true),
            (AllUntilIdentified, Some("bob"), Some("eve"), false),
            (AllUntilIdentified, Some("bob"), Some("bob"), true),
            (All, Some("bob"), Some("eve"), true),
        ] {
            let mut event = event("a", "{}");
            event.target = target.map(|target| target.parse().unwrap());
            let identity = identity.map(|id: &str| id.parse().unwrap());
            let received = is_received(visibility, identity.as_ref(), &event);
            assert_eq!(
                received, expected,
                "{visibility:?}: {identity:?} of {target:?}"
            );
        }
    }
}
