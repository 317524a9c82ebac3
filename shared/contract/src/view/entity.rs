//! What is shown of entities and of types of events. An entity as a whole is shown as it is described:
//! see [`Entity`](crate::Entity).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ability::Ability;
use crate::entity::{AgentConfig, Entity, EntityKind};
use crate::event_type::EventType;
use crate::id::{EntityId, RoleName};

/// An entity without its state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntityOutline<'a> {
    /// Its id.
    pub id: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// What people call it; its id when empty.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub name: Cow<'a, str>,
    /// How it thinks and answers: agents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Cow<'a, AgentConfig>>,
    /// What it is, for models and people.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub description: Cow<'a, str>,
    /// Its role in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// Whether it may change the roles of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub master: bool,
    /// What it can do.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub abilities: Cow<'a, [Ability]>,
    /// How often its state, its holder or its place has changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u64,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<EntityId>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Cow<'a, str>>,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: Cow<'a, BTreeMap<String, Value>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl EntityOutline<'_> {
    /// What people call it.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            self.id.as_str()
        } else {
            &self.name
        }
    }
}

impl<'a> From<&'a Entity> for EntityOutline<'a> {
    fn from(entity: &'a Entity) -> Self {
        // A new field does not compile until it is decided whether it is part of an outline.
        let Entity {
            id,
            kind,
            name,
            agent,
            description,
            role,
            master,
            abilities,
            state: _,
            state_schema: _,
            revision,
            held_by,
            location,
            metadata,
        } = entity;
        Self {
            id: id.clone(),
            kind: *kind,
            name: Cow::Borrowed(name),
            agent: agent.as_ref().map(Cow::Borrowed),
            description: Cow::Borrowed(description),
            role: role.clone(),
            master: *master,
            abilities: Cow::Borrowed(abilities),
            revision: *revision,
            held_by: held_by.clone(),
            location: location.as_deref().map(Cow::Borrowed),
            metadata: Cow::Borrowed(metadata),
        }
    }
}

/// One version of a type of custom events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventTypeView<'a> {
    /// Which version of it, from 1.
    pub version: u32,
    /// What such an event means.
    #[serde(default)]
    pub description: Cow<'a, str>,
    /// What it holds: a JSON Schema.
    pub schema: Cow<'a, Value>,
}

/// The types of custom events that a world checks, each with its versions, oldest first.
pub type EventTypesView<'a> = BTreeMap<EventType, Vec<EventTypeView<'a>>>;
