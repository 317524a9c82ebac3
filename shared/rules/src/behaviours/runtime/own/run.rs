//! What a run of an entity's own does.

use serde_json::{Map, Value};

use crate::behaviours::runtime::bindings::Bindings;

/// What a run of an entity's own does.
pub(in crate::behaviours::runtime) struct OwnRun {
    pub(in crate::behaviours::runtime) action: String,
    pub(in crate::behaviours::runtime) arguments: Map<String, Value>,
    pub(in crate::behaviours::runtime) bindings: Bindings,
    pub(in crate::behaviours::runtime) timeout: Option<f64>,
}
