//! Processors that users build.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::id::ActionName;

/// A processor that is code of a worker that users build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunctionProcessor {
    /// The action under which workers offer it.
    pub action: ActionName,
    /// Whether it learns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub learns: bool,
    /// How many samples before a step it reads too, of those of the same interaction: 64 at most.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub lookback: u32,
    /// What else it is given.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object, required = false)]
    pub options: Map<String, Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to skip_serializing_if"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
