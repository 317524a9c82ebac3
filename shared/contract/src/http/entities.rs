//! Entities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ability::{Ability, AvailableAbility, EntityPatch};
use crate::{AgentConfig, Entity, EntityId, EntityKind, Seq};

/// Which entities.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntitiesPageQuery {
    /// Those of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub kind: Option<EntityKind>,
    /// Those after this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<EntityId>,
    /// At most so many: 1 to 1000; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// The entities of a world, by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntitiesResponse {
    /// The entities.
    pub entities: Vec<Entity>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<EntityId>,
    /// The last commit in this.
    pub seq: Seq,
}

/// What changes; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct UpdateEntityRequest {
    /// Its new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentConfig>,
    /// Its new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its new abilities, in place of the old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abilities: Option<Vec<Ability>>,
    /// Its new metadata, in place of the old.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<BTreeMap<String, serde_json::Value>>,
}

/// Changes that belong together.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeEntitiesRequest {
    /// All of them are made, in this order, or none.
    pub changes: Vec<EntityPatch>,
    /// In whose name; `world` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// What an entity perceives and may use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OffersResponse {
    /// The abilities that it may use: its own, and those of objects.
    pub offers: Vec<AvailableAbility>,
    /// The entities that it perceives, itself first; how others think is not shown.
    pub entities: Vec<Entity>,
}
