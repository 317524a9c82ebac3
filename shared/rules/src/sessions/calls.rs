//! Calls of tools of the runs of nodes: those that the world makes, and what is kept of those that have ended.

use contract::flow::NodeStep;
use contract::tool::ToolResult;

use super::limits::{ENDED_CALLS_BYTES_MAX, ENDED_CALLS_MAX};
use super::node_state::{CallWork, EndedCall, OpenCall, RunningNode};
use super::open::OpenSession;

impl OpenSession {
    /// The world makes a call.
    pub(crate) fn on_call_begun(&mut self, step: &NodeStep, call: &str, work: CallWork) {
        if let Some(open) = self.open_call(step, call) {
            open.work = Some(work);
        }
    }

    /// What the world did for a call has ended. The log of the session gets that next.
    pub(super) fn on_call_ended(&mut self, step: &NodeStep, call: &str, result: ToolResult) {
        if let Some(open) = self.open_call(step, call) {
            open.outcome = Some(result);
        }
    }

    fn open_call(&mut self, step: &NodeStep, call: &str) -> Option<&mut OpenCall> {
        let running = self.nodes.get_mut(&step.node)?.run.as_mut()?;
        let is_same = running.step.event == step.event;
        let mut calls = running.calls.iter_mut().filter(|_| is_same);
        calls.find(|open| open.id == call)
    }
}

impl RunningNode {
    /// Keeps a call that has ended. Of many, the results of the oldest are given up.
    pub(super) fn keep_ended(&mut self, call: EndedCall) {
        self.ended.push(call);
        if self.ended.len() > ENDED_CALLS_MAX {
            self.ended.remove(0);
        }
        let mut bytes: usize = self.ended.iter().map(EndedCall::bytes).sum();
        for call in &mut self.ended {
            if bytes <= ENDED_CALLS_BYTES_MAX {
                break;
            }
            bytes -= call.bytes();
            call.arguments = None;
            call.is_cut |= !call.result.text.is_empty();
            call.result.text.clear();
        }
    }

    /// Whether a call was begun, and perhaps ended, by this attempt at the run or an earlier one.
    pub(crate) fn has_begun(&self, call: &str) -> bool {
        let mut open = self.calls.iter().map(|open| &open.id);
        let mut ended = self.ended.iter().map(|ended| &ended.id);
        open.any(|id| id == call) || ended.any(|id| id == call)
    }
}

impl EndedCall {
    fn bytes(&self) -> usize {
        let arguments = self.arguments.as_ref().map_or(0, String::len);
        arguments + self.result.text.len()
    }
}
