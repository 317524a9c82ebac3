//! What is at a node of a session.

use std::collections::{BTreeMap, VecDeque};

use contract::flow::{CopyKind, FlowFrame, NodeStep, ToolInterrupt};
use contract::tool::ToolResult;
use contract::{EntityId, EventId, InteractionId, NodeId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use super::tool_log::ToolLog;

/// What is at a node. A node without a state has nothing to do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct NodeState {
    /// The events that wait, oldest first. The first is the one that a run handles, if there is a run.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub(crate) queue: VecDeque<QueuedEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunningNode>,
    /// How the run of the first event failed, until that is dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// The agent that the node waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) waits_for: Option<EntityId>,
}

/// An event that waits at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueuedEvent {
    pub(crate) event: EventId,
    pub(crate) kind: CopyKind,
}

/// A run that handles the first event of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunningNode {
    pub(crate) run: RunId,
    pub(crate) step: NodeStep,
    pub(crate) deadline: Timestamp,
    /// The calls of tools that it has begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) calls: Vec<OpenCall>,
    /// Those that have ended, oldest first: another attempt at the run does not make them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ended: Vec<EndedCall>,
}

/// A call of a tool that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenCall {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) on_interrupt: ToolInterrupt,
    /// What the tool was given: JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) begun_at: Option<Timestamp>,
    /// How the world makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) work: Option<CallWork>,
    /// What came of that, until the log has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<ToolResult>,
}

/// How the world makes a call: the ability of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallWork {
    Run(RunId),
    /// Of an entity whose behaviour accepts it, or not.
    Interaction(InteractionId),
}

/// A call of a tool that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedCall {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<String>,
    pub(crate) result: ToolResult,
    /// Whether the result is not all there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_cut: bool,
}

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) run: RunId,
    pub(crate) step: NodeStep,
    pub(crate) code: String,
    pub(crate) reason: String,
    /// The calls of tools that it had begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) calls: Vec<OpenCall>,
}

/// An event that has not left its flow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HeldFrame {
    pub(crate) frame: FlowFrame,
    /// The epoch in which it came.
    #[serde(default)]
    pub(crate) epoch: u32,
    /// At how many nodes copies of it wait.
    pub(crate) queued: u32,
    /// The joins at which it has come on some paths. No id stands for the sink.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) joins: BTreeMap<JoinId, (u32, bool)>,
}

/// A node, or the sink: that is the empty text.
pub(super) type JoinId = String;

pub(super) fn join_id(node: Option<&NodeId>) -> JoinId {
    node.map(ToString::to_string).unwrap_or_default()
}

impl HeldFrame {
    /// On how many paths it has come to a join, the sink when absent, and whether it was not consumed on one.
    pub(crate) fn arrivals(&self, join: Option<&NodeId>) -> Option<(u32, bool)> {
        self.joins.get(&join_id(join)).copied()
    }
}

impl NodeState {
    /// Whether nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.run.is_none()
    }

    /// Whether a call has ended that the world makes, and the log does not have that yet.
    pub(super) fn has_outcome(&self) -> bool {
        let mut calls = self.run.iter().flat_map(|run| &run.calls);
        calls.any(|call| call.outcome.is_some())
    }

    /// Whether the first event can go on.
    pub(crate) fn is_due(&self) -> bool {
        !self.queue.is_empty() && self.run.is_none() && self.waits_for.is_none()
    }
}

/// Notes what a log reports about a call of a tool. The call, if it has ended.
pub(super) fn note_tool_log(
    calls: &mut Vec<OpenCall>,
    log: ToolLog,
    at: Timestamp,
) -> Option<EndedCall> {
    let known = calls.iter().position(|call| call.id == log.id);
    let known = known.map(|place| calls.remove(place));
    let arguments = log
        .arguments
        .or_else(|| known.and_then(|call| call.arguments));
    if let Some(result) = log.result {
        return Some(EndedCall {
            id: log.id,
            name: log.name,
            arguments,
            result,
            is_cut: log.is_cut,
        });
    }
    calls.push(OpenCall {
        id: log.id,
        name: log.name,
        on_interrupt: log.on_interrupt,
        arguments,
        begun_at: Some(at),
        work: None,
        outcome: None,
    });
    None
}
