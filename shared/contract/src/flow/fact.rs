//! The payloads of the events of flows and sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::frame::FlowFrame;
use super::route::Route;
use super::spec::FlowSpec;
use crate::id::{EntityId, EventId, FlowId, InteractionId, NodeId, RunId, SessionId};
use crate::seconds;
use crate::timestamp::Timestamp;

/// See [`Fact::FlowDeclared`](crate::Fact::FlowDeclared).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowDeclared {
    /// Which.
    pub flow: FlowId,
    /// How often it was declared before. Sessions keep the revision with which they began.
    pub revision: u32,
    /// The flow.
    pub spec: FlowSpec,
}

/// See [`Fact::FlowRemoved`](crate::Fact::FlowRemoved).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRemoved {
    /// Which.
    pub flow: FlowId,
}

/// See [`Fact::SessionStarted`](crate::Fact::SessionStarted). The event's id is the session's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// With which flow.
    pub flow: FlowId,
    /// With which revision of it.
    pub revision: u32,
    /// The client's entity; `world` for a client without one.
    pub entity: EntityId,
    /// What is known of it at the beginning.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
    /// It ends when nothing happens in it for so long.
    #[serde(with = "seconds")]
    pub idle_seconds: Duration,
}

/// See [`Fact::FlowEvent`](crate::Fact::FlowEvent).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlowEvent {
    /// Which session it belongs to.
    pub session: SessionId,
    /// The node that sent it; the client when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The event that began its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<EventId>,
    /// Its type: any text.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The sender's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it happened, if its sender named that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// What its sender attached: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// The run that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The interaction whose outcome it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
    /// Whether it belongs to an answer that was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Where it got to.
    #[serde(default, skip_serializing_if = "Route::is_empty")]
    pub route: Route,
    /// The payload, byte for byte.
    pub data: Box<RawValue>,
}

impl FlowEvent {
    /// The event as nodes and clients get it; `id` is that of its event, `at` the time of its commit.
    pub fn to_frame(&self, id: EventId, at: Timestamp) -> FlowFrame {
        FlowFrame {
            id,
            sender_id: self.id.clone(),
            event_type: self.event_type.clone(),
            node: self.node.clone(),
            turn: self.turn,
            timestamp: self.timestamp.unwrap_or(at),
            metadata: self.metadata.clone(),
            interrupted: self.interrupted,
            data: self.data.clone(),
        }
    }
}

/// See [`Fact::FlowPassed`](crate::Fact::FlowPassed).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlowPassed {
    /// The session.
    pub session: SessionId,
    /// The node that the event left.
    pub node: NodeId,
    /// Which event.
    pub event: EventId,
    /// Whether the node consumed it, or it was consumed before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consumed: bool,
    /// Where it got to.
    #[serde(default, skip_serializing_if = "Route::is_empty")]
    pub route: Route,
    /// The event itself, when it goes to the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Box<FlowFrame>>,
}

/// See [`Fact::SessionChanged`](crate::Fact::SessionChanged).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionChanged {
    /// Which.
    pub session: SessionId,
    /// The variables that have other values now; `null` removes one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
    /// The routers that are in other states now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub routers: BTreeMap<NodeId, String>,
    /// The cancelled runs of which nothing is awaited any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expired: Vec<RunId>,
    /// The node that waits until its agent answers again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<NodeWait>,
}

impl SessionChanged {
    /// No change.
    pub const fn of(session: SessionId) -> Self {
        Self {
            session,
            variables: BTreeMap::new(),
            routers: BTreeMap::new(),
            expired: Vec::new(),
            waiting: None,
        }
    }
}

/// A node that waits until the behaviour of its agent lets it answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeWait {
    /// The node.
    pub node: NodeId,
    /// The agent.
    pub entity: EntityId,
}

/// See [`Fact::SessionInterrupted`](crate::Fact::SessionInterrupted).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInterrupted {
    /// Which.
    pub session: SessionId,
    /// The epoch that begins.
    pub epoch: u32,
    /// Why, when it was not the client's interrupt: `replaced` by another request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// See [`Fact::SessionEnded`](crate::Fact::SessionEnded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Which.
    pub session: SessionId,
    /// With which flow it was.
    pub flow: FlowId,
    /// With which revision of it.
    pub revision: u32,
    /// A word for programs: `client`, `idle`, `end_call`, `left`, or what was given.
    pub reason: String,
    /// The variables at its end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
    /// How often it was interrupted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}
