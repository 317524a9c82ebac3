//! What a client hears: one flat JSON object a frame.

use std::collections::BTreeMap;

use contract::commit::Position;
use contract::{CloudEvent, EntityId, EventId, Target, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::speaker::Speaker;
use super::words::{self, Told};

/// The fields that every event has. What an event holds can't take their place.
pub(super) const BASE_FIELDS: [&str; 6] = [
    "event_type",
    "description",
    "summary",
    "created_at",
    "sender_id",
    "target_id",
];
/// The fields that the log gives an event.
pub(super) const LOG_FIELDS: [&str; 3] = ["event_id", "sequence", "recorded_at"];

#[derive(Serialize)]
struct Flat<'a, M: Serialize, F: Serialize> {
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
struct Stored {
    #[serde(flatten)]
    fields: BTreeMap<String, Box<RawValue>>,
    event_id: EventId,
    /// What a client passes as `after` to go on behind this event.
    sequence: Position,
    /// When it happened, by the clock of the world.
    recorded_at: Timestamp,
}

/// What a frame said beside what an event can hold, kept as the event's metadata.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    /// When the sender made it, by its own clock and in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Box<RawValue>>,
    /// What the sender called itself, where that is not its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sender_id: Option<String>,
    /// Whom the sender named, where that is not their id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target_id: Option<String>,
}

/// What a connection hears that is for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overhears {
    Everything,
    /// Everything while it has not said who it is: objects only react, recorders only listen, and
    /// these clients pick out by themselves what is for them.
    UntilItSpeaks,
    Nothing,
}

/// Whether a connection hears an event.
pub(super) fn hears(overhears: Overhears, speaker: Option<&EntityId>, event: &CloudEvent) -> bool {
    match (overhears, speaker) {
        (Overhears::Everything, _) | (Overhears::UntilItSpeaks, None) => true,
        (Overhears::Nothing, None) => event.target.is_none(),
        (_, Some(speaker)) => crate::fanout::sees(speaker, event),
    }
}

/// An event of the world as a frame for whoever speaks as `listener`; nothing when GenWorlds has no
/// words for it.
pub(super) fn frame(event: &CloudEvent, listener: Option<&Speaker>) -> Option<String> {
    let Told {
        event_type,
        description,
        mut fields,
    } = words::told(event)?;
    for name in BASE_FIELDS.iter().chain(&LOG_FIELDS) {
        fields.remove(*name);
    }
    let claims = event.metadata.as_deref();
    let claims: Claims = claims
        .and_then(|claims| serde_json::from_str(claims).ok())
        .unwrap_or_default();
    let created_at = match claims.created_at {
        Some(created_at) => created_at,
        None => serde_json::value::to_raw_value(&event.time).ok()?,
    };
    let world = event.world.as_str();
    let target = event.target.as_ref();
    let target = target.map(|target| target_for(target, world, listener, claims.target_id));
    let sender = claims.sender_id;
    let sender = sender.as_deref();
    let frame = Flat {
        event_type,
        description,
        summary: event.summary.as_deref(),
        created_at,
        sender_id: sender.unwrap_or_else(|| name_of(&event.sender, world)),
        target_id: target.as_deref(),
        fields: Stored {
            fields,
            event_id: event.id,
            sequence: event.sequence,
            recorded_at: event.time,
        },
    };
    serde_json::to_string(&frame).ok()
}

/// Something that only the world says, and only to whoever is told it: it is no event.
pub(super) fn by_world(
    world: &str,
    event_type: &str,
    description: &str,
    target: Option<&str>,
    fields: impl Serialize,
) -> String {
    let frame = Flat {
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

/// What these clients call an entity: the world goes by its own id.
fn name_of<'a>(entity: &'a EntityId, world: &'a str) -> &'a str {
    if *entity == EntityId::world() {
        world
    } else {
        entity.as_str()
    }
}

/// Whom a frame is for. These clients know one target: of several, each hears that it is meant, by
/// the name that it has for itself; the others hear the name that the sender had.
fn target_for(
    target: &Target,
    world: &str,
    listener: Option<&Speaker>,
    claimed: Option<String>,
) -> String {
    if let Some(listener) = listener.filter(|listener| target.names(&listener.id)) {
        return listener.name.clone();
    }
    match (claimed, target) {
        (Some(claimed), _) => claimed,
        (None, Target::Entities(entities)) => {
            let names: Vec<&str> = entities.iter().map(|id| name_of(id, world)).collect();
            names.join(",")
        }
        (None, Target::Role(_)) => target.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::words::tests::event;
    use super::*;

    fn told(event: &CloudEvent, listener: Option<&str>) -> Value {
        let listener = listener.map(|listener| Speaker {
            id: listener.to_lowercase().parse().unwrap(),
            name: listener.to_owned(),
        });
        serde_json::from_str(&frame(event, listener.as_ref()).unwrap()).unwrap()
    }

    #[test]
    fn an_event_is_a_flat_frame() {
        let mut event = event("new_matrix", r#"{"rows":[[1.0e2]],"sender_id":"eve"}"#);
        event.summary = Some("a matrix".to_owned());
        event.metadata = Some(r#"{"created_at":"2023-10-09T12:56:42.104327"}"#.to_owned());
        let text = frame(&event, None).unwrap();
        assert!(text.contains(r#""rows":[[1.0e2]]"#), "{text}");
        let expected = json!({
            "event_type": "new_matrix", "description": "", "summary": "a matrix",
            "created_at": "2023-10-09T12:56:42.104327", "sender_id": "ada", "target_id": null,
            "rows": [[100.0]], "event_id": event.id, "sequence": "7.2", "recorded_at": event.time,
        });
        assert_eq!(told(&event, None), expected);
        event.metadata = Some(r#"{"sender_id":"Ada L"}"#.to_owned());
        assert_eq!(told(&event, None)["sender_id"], "Ada L");
        event.metadata = None;
        assert_eq!(told(&event, None)["created_at"], json!(event.time));
    }

    #[test]
    fn each_listener_is_named_as_the_target() {
        for (target, claim, listener, expected) in [
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
            event.metadata = claim.map(|claim| json!({"target_id": claim}).to_string());
            assert_eq!(told(&event, listener)["target_id"], expected, "{target}");
        }
    }

    #[test]
    fn a_connection_hears_what_is_for_it() {
        use Overhears::{Everything, Nothing, UntilItSpeaks};
        for (overhears, speaker, target, expected) in [
            (Nothing, None, None, true),
            (Nothing, None, Some("bob"), false),
            (UntilItSpeaks, None, Some("bob"), true),
            (Everything, None, Some("bob"), true),
            (Nothing, Some("bob"), None, true),
            (Nothing, Some("bob"), Some("bob"), true),
            (Nothing, Some("bob"), Some("eve"), false),
            (Nothing, Some("ada"), Some("eve"), true),
            (UntilItSpeaks, Some("bob"), Some("eve"), false),
            (UntilItSpeaks, Some("bob"), Some("bob"), true),
            (Everything, Some("bob"), Some("eve"), true),
        ] {
            let mut event = event("a", "{}");
            event.target = target.map(|target| target.parse().unwrap());
            let speaker = speaker.map(|speaker: &str| speaker.parse().unwrap());
            let heard = hears(overhears, speaker.as_ref(), &event);
            assert_eq!(heard, expected, "{overhears:?}: {speaker:?} of {target:?}");
        }
    }
}
