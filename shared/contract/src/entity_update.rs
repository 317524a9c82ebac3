//! What of an entity is to change.

use serde::{Deserialize, Serialize};

use crate::ability::Ability;
use crate::entity::{AgentConfig, EntityKind};
use crate::id::EntityId;

/// The fields of an entity that change; what is absent stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntityUpdate {
    /// Which.
    pub entity: EntityId,
    /// What it is from now on. Of one that is no agent any more, the way to think is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EntityKind>,
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new way to think.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentConfig>,
    /// Its new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its new abilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abilities: Option<Vec<Ability>>,
    /// Its new metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<std::collections::BTreeMap<String, serde_json::Value>>,
}
