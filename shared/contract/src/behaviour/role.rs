//! Roles of a world.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::Definition;

/// What entities of a role are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSpec {
    /// The behaviour of those who have no other; they begin in its initial state when they get the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub behaviour: Option<Definition>,
}
