//! Flows as people describe them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Array, ArrayBuilder, Ref};

use super::router::RouterSpec;
use super::type_filter::TypeFilter;
use crate::id::{ActionName, EntityId, NodeId};
use crate::seconds;

/// A flow: a graph of nodes without cycles. Events enter at its roots, and those that reach the sink go to
/// the client.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct FlowSpec {
    /// Its nodes.
    pub nodes: Vec<NodeSpec>,
    /// The edges: from one node to another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(schema_with = edges_schema)]
    pub edges: Vec<(NodeId, NodeId)>,
    /// The nodes at which a client's events enter; those that no edge leads to when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<NodeId>,
    /// How its sessions are.
    #[serde(default, skip_serializing_if = "SessionPolicy::is_default")]
    pub session: SessionPolicy,
}

/// The schema of edges: utoipa writes no pairs.
fn edges_schema() -> Array {
    let node = Ref::from_schema_name("NodeId");
    let edge = ArrayBuilder::new()
        .items(node)
        .min_items(Some(2))
        .max_items(Some(2));
    ArrayBuilder::new()
        .items(edge)
        .description(Some("The edges: from one node to another."))
        .build()
}

/// A node of a flow: an agent, code of a worker, a router, or the sink.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeSpec {
    /// Its id among those of its flow.
    pub id: NodeId,
    /// The agent whose brain handles its events; with `worker`, the agent that the worker acts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<EntityId>,
    /// The name under which workers offer its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<ActionName>,
    /// How it chooses the edges that events take, when it is a router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<RouterSpec>,
    /// Whether it answers the client: `system.llm.request` begins an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub output: bool,
    /// Whether events pass on before it has handled them: it holds nothing up, and its failures are
    /// warnings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,
    /// Whether it is the sink: what reaches it goes to the client. Without such a node, that is what
    /// reaches the end of any path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sink: bool,
    /// Whether an interrupt cancels what it does; as `output` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// The types of events that it handles. All others pass on by themselves. When absent:
    /// `system.llm.request` for an output node, everything for a router, else nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<Vec<TypeFilter>>,
    /// What it waits for, where several paths lead to it.
    #[serde(default, skip_serializing_if = "Join::is_default")]
    pub join: Join,
}

impl NodeSpec {
    /// Whether an interrupt cancels what it does.
    pub fn is_interruptible(&self) -> bool {
        self.interruptible.unwrap_or(self.output)
    }
}

/// What a node waits for that several paths lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// An event comes once: when it has passed, or was consumed, on every path.
    #[default]
    All,
    /// An event comes once: when it has passed on the first path.
    First,
    /// An event is handled once for each path on which it comes.
    Each,
}

impl Join {
    fn is_default(&self) -> bool {
        *self == Self::All
    }
}

/// How the sessions of a flow are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionPolicy {
    /// A session in which nothing happens for so long ends.
    #[serde(default = "default_idle", with = "seconds")]
    #[schema(value_type = f64, default = 600)]
    pub idle_seconds: Duration,
    /// What becomes of a request that comes while another is answered.
    #[serde(default)]
    pub on_busy: OnBusy,
    /// What `agent.end_call` does.
    #[serde(default)]
    pub on_end_call: OnEndCall,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            idle_seconds: default_idle(),
            on_busy: OnBusy::default(),
            on_end_call: OnEndCall::default(),
        }
    }
}

impl SessionPolicy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

const fn default_idle() -> Duration {
    Duration::from_mins(10)
}

/// What becomes of a request that comes while another is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBusy {
    /// It is answered next.
    #[default]
    Queue,
    /// It interrupts the other.
    Replace,
    /// It is refused, with a warning.
    Refuse,
}

/// What `agent.end_call` does to a session, beside that no request is answered any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnEndCall {
    /// It stays open until the client ends it.
    #[default]
    Signal,
    /// It ends once all that was begun is done.
    Close,
}
