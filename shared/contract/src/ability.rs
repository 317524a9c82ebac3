//! Abilities: what an entity does when an event is for it, and what changes by that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::event_type::{EventType, InvalidEventType};
use crate::id::{ActionName, EntityId, InvalidId};

/// What an entity can do: when an event of the trigger's type is for it, an action runs in its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ability {
    /// Its name, of its own among the abilities of the entity.
    pub name: ActionName,
    /// The events that it answers.
    #[schema(value_type = String, example = "myapp.order.created")]
    pub trigger: Trigger,
    /// What it is good for, for models and people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What the trigger must hold: a JSON Schema. The schema of the event's type when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub arguments: Option<serde_json::Value>,
    /// Who does it.
    pub run: Executor,
    /// Whether its runs may overlap with others of the entity. The runs of an entity's other abilities are
    /// serial: each begins when the one before it has ended, in the order of their events.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub concurrent: bool,
}

/// Who does what an ability promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    /// Any worker that offers this action.
    Worker(ActionName),
    /// The entity's own client, which is connected and receives the event.
    Client {},
}

/// The events that an ability answers: those of one type, or, written `*`, all that others send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Every custom event that somebody else sends.
    Any,
    /// The events of one type.
    Type(EventType),
}

impl FromStr for Trigger {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        match text {
            "*" => Ok(Self::Any),
            text => text.parse().map(Self::Type),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Type(event_type) => event_type.fmt(f),
        }
    }
}

impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A change of an entity. It is an event like any other, and nothing else changes an entity's state,
/// who holds it, or where it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityPatch {
    /// Of its state: by the entity itself.
    State {
        /// Whose.
        entity: EntityId,
        /// The revision that it is made from: another one by now refuses it. Any when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<u64>,
        /// What changes: a JSON Patch (RFC 6902).
        #[schema(value_type = Vec<Object>)]
        patch: Box<RawValue>,
    },
    /// Of who holds it: by its holder, or by the object itself.
    Holder {
        /// What is given.
        entity: EntityId,
        /// Who must hold it now; nobody when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<EntityId>,
        /// Who holds it then; nobody when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<EntityId>,
    },
    /// Of where it is: by the entity itself.
    Location {
        /// Who moves.
        entity: EntityId,
        /// Where to; nowhere when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
}

impl EntityPatch {
    /// What changes.
    pub fn entity(&self) -> &EntityId {
        match self {
            Self::State { entity, .. }
            | Self::Holder { entity, .. }
            | Self::Location { entity, .. } => entity,
        }
    }
}

/// A type of custom events, as a world knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventTypeVersion {
    /// The type.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Which version of it, from 1. The newest is the one that holds for events that name none.
    pub version: u32,
    /// What such an event means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it holds: a JSON Schema.
    #[schema(value_type = Object)]
    pub schema: serde_json::Value,
}

/// What an agent may perceive of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Perception {
    /// Everyone and everything in the world.
    #[default]
    All,
    /// Who and what is at its own place, what it holds itself, and what those at its place hold.
    SamePlace,
}

impl Perception {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::All
    }
}

/// An ability that an agent may make use of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AvailableAbility {
    /// Whose ability it is.
    pub entity: EntityId,
    /// Its name.
    pub ability: ActionName,
    /// The type of the event that triggers it.
    pub event_type: EventType,
    /// What it is good for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What the event must hold: a JSON Schema.
    #[schema(value_type = Object)]
    pub schema: serde_json::Value,
}

/// Which ability of which entity: `{entity}:{ability}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbilityKey {
    /// Whose.
    pub entity: EntityId,
    /// Its name.
    pub ability: ActionName,
}

/// A text that names no ability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAbilityKey {
    /// It has no colon.
    #[error("{0:?} names no ability: write entity:ability")]
    NoColon(String),
    /// What is beside the colon is no id.
    #[error(transparent)]
    BadId(InvalidId),
}

impl FromStr for AbilityKey {
    type Err = InvalidAbilityKey;

    fn from_str(text: &str) -> Result<Self, InvalidAbilityKey> {
        let parts = text.split_once(':');
        let (entity, ability) = parts.ok_or_else(|| InvalidAbilityKey::NoColon(text.to_owned()))?;
        Ok(Self {
            entity: entity.parse().map_err(InvalidAbilityKey::BadId)?,
            ability: ability.parse().map_err(InvalidAbilityKey::BadId)?,
        })
    }
}

impl fmt::Display for AbilityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entity, self.ability)
    }
}

impl Serialize for AbilityKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AbilityKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ability_has_one_key() {
        for (text, is_key) in [
            ("mic:speak", true),
            ("mic", false),
            ("mic:", false),
            (":speak", false),
            ("mic:speak:up", false),
            ("a b:c", false),
        ] {
            let key = text.parse::<AbilityKey>();
            assert_eq!(key.is_ok(), is_key, "{text}");
            if let Ok(key) = key {
                assert_eq!(key.to_string(), text);
            }
        }
    }
}
