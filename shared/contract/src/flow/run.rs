//! Runs of nodes: what they are for, what a worker gets, and what it returns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::frame::{FlowFrame, NewFlowEvent};
use crate::id::{EntityId, EventId, FlowId, NodeId, SessionId};
use crate::tool::ToolResult;

/// An event of a session that a run handles for a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStep {
    /// The session.
    pub session: SessionId,
    /// The node.
    pub node: NodeId,
    /// The event.
    pub event: EventId,
    /// The event that began the turn: that one itself, if no other.
    pub turn: EventId,
    /// The epoch of the session. After an interrupt it has ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u32,
    /// Whether it is an answer to the client: the world has sent its start, and sends its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answers: bool,
    /// Whether its chunks go to the client as they come: no node on the way handles them, or holds
    /// anything up.
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

/// What a worker gets for a run of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeContext {
    /// What the run is for.
    pub step: NodeStep,
    /// The flow.
    pub flow: FlowId,
    /// The client's entity; `world` for a client without one.
    pub client: EntityId,
    /// The event to handle.
    pub frame: FlowFrame,
    /// The defaults of fields that the payload does not have, by the newest schema of its type. The payload
    /// itself is as it was sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, Value>,
    /// The content of a request: that of its frame, else the last turn of the user in its `messages`, else in
    /// the transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// What was written so far, oldest first: the `messages` of the request, else the transcript.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<TranscriptMessage>,
    /// The variables of the session.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
    /// The `session_context` of the client's first frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_context: Option<Box<RawValue>>,
    /// The calls of tools that an attempt at this run has begun and not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_calls: Vec<String>,
    /// The calls of tools that the run has begun so far, in this order: those that have ended, then the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<NodeCall>,
}

/// A call of a tool during a run of a node, as the log of its session has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeCall {
    /// Its id: of its own among the calls of the run.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// What the tool was given, if the log has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// Whether the world makes it: its result comes by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_world: bool,
    /// What came of it, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ToolResult>,
    /// Whether the result is not all there: it was too long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// A message of the transcript of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptMessage {
    /// Who wrote it: `user`, `assistant`, or what the client calls it.
    pub role: String,
    /// What.
    pub content: String,
    /// Whether it is the part of an answer that was sent before it was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

/// What comes of a run of a node. The text of an answer is
/// [`RunResult::message`](crate::run::RunResult::message).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NodeOutput {
    /// The events that the node sends, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<NewFlowEvent>,
    /// Whether the handled event does not pass on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consumed: bool,
    /// The variables of the session that have other values now; `null` removes one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Value>,
}

/// What an interrupt does to a call of a tool: the field `on_interrupt` in the payload of its
/// `tool_call_start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolInterrupt {
    /// It ends at once, as an error.
    #[default]
    Cancel,
    /// It is finished, and its end is reported then.
    Finish,
}
