//! Runs of nodes that were cancelled, and may still report something.

use contract::{EventId, NodeId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use super::node_state::OpenCall;

/// A cancelled run of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CancelledRun {
    pub(crate) run: RunId,
    pub(crate) node: NodeId,
    pub(crate) turn: EventId,
    /// Whether the text that was sent of its answer may be reported.
    pub(crate) awaits_text: bool,
    /// The calls of tools that it finishes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) calls: Vec<OpenCall>,
    /// Nothing is waited for after that.
    pub(crate) until: Timestamp,
}
