//! The event, as it is in the log. At the doors it is a [`CloudEvent`](crate::CloudEvent).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::{ChatId, EntityId, EventId};

/// The first tokens that only the world itself may use in the type of an event.
pub const RESERVED_TOKENS: [&str; 16] = [
    "world",
    "entity",
    "chat",
    "message",
    "action",
    "agent",
    "behaviour",
    "interaction",
    "engagement",
    "stream",
    "flow",
    "timer",
    "role",
    "badge",
    "approval",
    "budget",
];

/// The longest event type, in bytes: it is a part of a NATS subject.
pub const EVENT_TYPE_LENGTH_MAX: usize = 128;

/// An immutable, typed fact in a world's log. Its time and its place are its commit's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Unique over all worlds.
    pub id: EventId,
    /// What kind of fact it is.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Who caused it.
    pub sender: EntityId,
    /// Whom it is for; nobody named means everyone in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The chat that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// The event that everything of this turn goes back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// The W3C `traceparent` of the request that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The URI of the schema of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What this kind of event means, for a reader who does not know its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What this one event says, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whatever else its sender attached: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// The payload: JSON, passed on byte for byte.
    pub data: Box<RawValue>,
}

/// An event that somebody wants to send: what is not the world's to fill in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewEvent {
    /// A custom type, best namespaced: `myapp.order.created`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Whom it is for; nobody named means everyone in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The chat that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// What everything of one conversation or request shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// The URI of the schema of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// See [`Event::description`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// See [`Event::summary`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// See [`Event::metadata`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// The payload: any JSON.
    pub data: Box<RawValue>,
}

impl NewEvent {
    /// An event for everyone in the world.
    pub fn new(event_type: EventType, data: Box<RawValue>) -> Self {
        Self {
            event_type,
            target: None,
            chat: None,
            causation: None,
            correlation: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data,
        }
    }
}

/// What kind of fact an event is: 1 to 128 bytes of ids joined by dots, `myapp.order.created`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[schema(value_type = String, example = "myapp.order.created")]
pub struct EventType(std::borrow::Cow<'static, str>);

/// A text that can't be the type of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an event type: use A-Z a-z 0-9 _ - in 1 to 128 bytes, joined by dots")]
pub struct InvalidEventType(pub String);

impl EventType {
    /// A type that is built in. The caller passes one of the names in [`fact`](crate::fact).
    pub(crate) const fn built_in(name: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(name))
    }

    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only the world itself may use this type.
    pub fn is_reserved(&self) -> bool {
        let first = self.0.split('.').next().unwrap_or_default();
        RESERVED_TOKENS.contains(&first)
    }
}

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        let is_token = |token: &str| {
            !token.is_empty()
                && token
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        if text.len() <= EVENT_TYPE_LENGTH_MAX && text.split('.').all(is_token) {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(InvalidEventType(text.to_owned()))
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        match crate::fact::built_in_type(&text) {
            Some(built_in) => Ok(built_in),
            None => text.parse().map_err(de::Error::custom),
        }
    }
}

/// Whom an event is for. As text: `alice`, `alice,bob`, or `role:referee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// These entities, at least one.
    Entities(Vec<EntityId>),
    /// Whoever has this role.
    Role(String),
}

impl Target {
    /// Whether `entity` is named here. A role names nobody by itself: the world knows who has it.
    pub fn names(&self, entity: &EntityId) -> bool {
        matches!(self, Self::Entities(entities) if entities.contains(entity))
    }
}

impl utoipa::PartialSchema for Target {
    fn schema() -> RefOr<Schema> {
        crate::id::text_schema("Entity ids joined by commas, or `role:NAME`.", "alice,bob")
    }
}

impl utoipa::ToSchema for Target {}

/// A text that is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a target: use an entity id, several joined by commas, or role:NAME")]
pub struct InvalidTarget(pub String);

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let invalid = || InvalidTarget(text.to_owned());
        if let Some(role) = text.strip_prefix("role:") {
            let role: EntityId = role.parse().map_err(|_| invalid())?;
            return Ok(Self::Role(role.as_str().to_owned()));
        }
        text.split(',')
            .map(|id| id.parse().map_err(|_| invalid()))
            .collect::<Result<_, _>>()
            .map(Self::Entities)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Entities(entities) => {
                for (index, entity) in entities.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{entity}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_tokens_are_the_worlds_own() {
        for reserved in ["world.created", "message", "budget.spent", "approval.x.y"] {
            assert!(
                reserved.parse::<EventType>().unwrap().is_reserved(),
                "{reserved}"
            );
        }
        for free in [
            "worlds.created",
            "myapp.message",
            "agent_speaks_with_user_event",
        ] {
            assert!(!free.parse::<EventType>().unwrap().is_reserved(), "{free}");
        }
    }

    #[test]
    fn an_event_type_is_made_of_ids_and_dots() {
        let too_long = "x".repeat(129);
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "a.*",
            ">",
            too_long.as_str(),
        ] {
            assert!(bad.parse::<EventType>().is_err(), "{bad}");
            assert!(
                serde_json::from_value::<EventType>(bad.into()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_target_survives_its_text() {
        for text in ["alice", "alice,bob", "role:referee"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for bad in ["", "alice,", "role:", "role:a b", "a b"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
