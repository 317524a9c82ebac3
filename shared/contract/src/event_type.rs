//! Types of events.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use event_type_syntax::{EVENT_TYPE_LENGTH_MAX, InvalidEventType, RESERVED_TOKENS};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::fact_kind::FactKind;

/// What kind of fact an event is: 1 to 128 bytes of ids joined by dots, `myapp.order.created`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[schema(
    value_type = String, example = "myapp.order.created", max_length = 128,
    pattern = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$"
)]
pub struct EventType(Cow<'static, str>);

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
        event_type_syntax::is_reserved(&self.0)
    }
}

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        event_type_syntax::check(text)?;
        Ok(Self(text.to_owned().into()))
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
    fn what_is_no_type_is_not_decoded() {
        let too_long = "x".repeat(EVENT_TYPE_LENGTH_MAX + 1);
        for bad in ["", "a..b", "a b", too_long.as_str()] {
            assert!(bad.parse::<EventType>().is_err(), "{bad}");
            let decoded = serde_json::from_value::<EventType>(bad.into());
            assert!(decoded.is_err(), "{bad}");
        }
    }
}
