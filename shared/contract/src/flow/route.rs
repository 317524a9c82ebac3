//! Where an event of a session got to: a decision, which a replay does not make again.

use serde::{Deserialize, Serialize};

use crate::id::NodeId;

/// Where an event got to from one place of its flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Route {
    /// How often it reached the sink: it goes to the client so often.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub out: u32,
    /// The nodes at which copies of it wait for their turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queued: Vec<QueuedCopy>,
    /// The joins at which it has come on some paths, as they are then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joins: Vec<JoinArrivals>,
}

impl Route {
    /// The route of an event that went to the client at once.
    pub const fn to_client() -> Self {
        Self {
            out: 1,
            queued: Vec::new(),
            joins: Vec::new(),
        }
    }

    /// Whether it got nowhere.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A copy of an event that waits at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedCopy {
    /// Where.
    pub node: NodeId,
    /// What becomes of it in its turn.
    #[serde(default, skip_serializing_if = "CopyKind::is_default")]
    pub kind: CopyKind,
}

/// What becomes of a copy of an event at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyKind {
    /// The node handles it, and then it passes on.
    #[default]
    Handle,
    /// It passes on by itself.
    Through,
    /// The node handles it; it has passed on already.
    Notify,
    /// As `Notify`, before all others: it overtakes what waits.
    Urgent,
    /// It was consumed before: the joins behind the node count it.
    Gone,
}

impl CopyKind {
    fn is_default(&self) -> bool {
        *self == Self::Handle
    }
}

/// On how many paths an event has come to a join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinArrivals {
    /// The node; the sink when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// On how many paths. None are left to wait for when 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub count: u32,
    /// Whether it was not consumed on one of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}
