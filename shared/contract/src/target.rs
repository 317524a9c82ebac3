//! Whom an event is for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{RefOr, Schema};

use crate::id::EntityId;

/// Whom an event is for. As text: `alice`, `alice,bob`, or `role:referee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// These entities, at least one.
    Entities(Vec<EntityId>),
    /// The entities that have this role.
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
        crate::id::text_schema(
            "Entity ids joined by commas, or `role:NAME`.",
            "^(role:[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64})*)$",
            "alice,bob",
        )
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
    fn a_target_survives_its_text() {
        for text in ["alice", "alice,bob", "role:referee"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for bad in ["", "alice,", "role:", "role:a b", "a b"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
