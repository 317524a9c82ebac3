//! Outcomes of interactions that nodes of a session have requested.

use contract::InteractionId;
use contract::flow::NodeStep;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The outcome of an interaction, which its session has not got yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NodeOutcome {
    pub(crate) interaction: InteractionId,
    /// The event during which it was requested.
    pub(crate) step: NodeStep,
    pub(crate) data: Box<RawValue>,
}
