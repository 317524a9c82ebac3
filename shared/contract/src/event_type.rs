//! Types of events.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::fact_kind::FactKind;

/// The first tokens that only the world itself may use in the type of an event.
pub const RESERVED_TOKENS: [&str; 18] = [
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
    "session",
    "timer",
    "role",
    "badge",
    "approval",
    "budget",
    "processor",
];

/// The longest event type, in bytes: it is a part of a NATS subject.
pub const EVENT_TYPE_LENGTH_MAX: usize = 128;

/// What kind of fact an event is: 1 to 128 bytes of ids joined by dots, `myapp.order.created`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[schema(
    value_type = String, example = "myapp.order.created", max_length = 128,
    pattern = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$"
)]
pub struct EventType(Cow<'static, str>);

/// A text that can't be the type of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an event type: use A-Z a-z 0-9 _ - in 1 to 128 bytes, joined by dots")]
pub struct InvalidEventType(pub String);

impl EventType {
    /// The type of the built-in events of a kind.
    pub const fn of(kind: FactKind) -> Self {
        Self(Cow::Borrowed(kind.name()))
    }

    /// The kind of built-in events that have this type; `None` when it is a custom type.
    pub fn built_in(&self) -> Option<FactKind> {
        FactKind::from_name(&self.0)
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
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        match FactKind::from_name(&text) {
            Some(kind) => Ok(Self::of(kind)),
            None => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_type_is_reserved() {
        for kind in FactKind::ALL {
            assert!(EventType::of(*kind).is_reserved(), "{kind:?}");
            assert_eq!(EventType::of(*kind).built_in(), Some(*kind));
        }
    }

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
}
