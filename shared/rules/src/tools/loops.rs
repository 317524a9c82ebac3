//! What a loop holds, for the models and workers that go on with it.

use contract::InteractionId;
use contract::tool::{ToolCall, ToolStep};

use super::limits::{RESULT_BYTES_MAX, RESULTS_BYTES_MAX};
use super::state::{LoopOwner, ToolLoop};
use crate::world::World;

/// Whether all calls of an owner's loop have their results; `None` when it has no loop.
pub(crate) fn is_settled(world: &World, owner: &LoopOwner) -> Option<bool> {
    world.tools.find(owner).map(ToolLoop::is_settled)
}

/// What an agent has done so far on its way to an answer.
pub(crate) fn steps(world: &World, owner: &LoopOwner) -> Vec<ToolStep> {
    let steps = world.tools.find(owner).map(|tool_loop| &tool_loop.steps);
    let steps = steps.into_iter().flatten().map(|step| ToolStep {
        said: step.said.clone(),
        calls: step
            .calls
            .iter()
            .filter_map(|state| Some((state.call.clone(), state.result.clone()?)))
            .collect(),
    });
    steps.collect()
}

/// The call of the last step that has this id.
pub(crate) fn call_of(world: &World, owner: &LoopOwner, id: &str) -> Option<ToolCall> {
    let mut calls = world.tools.find(owner)?.last_calls();
    let state = calls.find(|state| state.call.id == id)?;
    Some(state.call.clone())
}

/// The requests of the last step that have not ended.
pub(crate) fn open_requests(world: &World, owner: &LoopOwner) -> Vec<InteractionId> {
    let tool_loop = world.tools.find(owner).into_iter();
    let calls = tool_loop.flat_map(ToolLoop::last_calls);
    calls.filter_map(|state| state.request).collect()
}

/// Calls that have no result yet, in a chat or of an agent, whichever are more.
pub(super) fn pending(world: &World, owner: &LoopOwner) -> usize {
    let (mut in_chat, mut of_agent) = (0, 0);
    for (other, tool_loop) in world.tools.iter() {
        let calls = tool_loop.last_calls();
        let pending = calls.filter(|state| state.result.is_none()).count();
        if other.chat == owner.chat {
            in_chat += pending;
        }
        if other.agent == owner.agent {
            of_agent += pending;
        }
    }
    in_chat.max(of_agent)
}

/// What is left for the result of a call.
pub(super) fn result_room(tool_loop: &ToolLoop) -> usize {
    RESULTS_BYTES_MAX
        .saturating_sub(results_bytes(tool_loop))
        .min(RESULT_BYTES_MAX)
}

/// What a worker gets of a loop, in bytes.
pub(super) fn loop_bytes(tool_loop: &ToolLoop) -> usize {
    let calls = tool_loop.steps.iter().flat_map(|step| &step.calls);
    let calls: usize = calls.map(|state| call_bytes(&state.call)).sum();
    let texts = tool_loop.steps.iter().map(|step| escaped_bytes(&step.said));
    results_bytes(tool_loop) + calls + texts.sum::<usize>()
}

pub(super) fn call_bytes(call: &ToolCall) -> usize {
    serde_json::to_string(call).map_or(usize::MAX, |json| json.len())
}

/// As JSON a text may be longer than it is.
fn results_bytes(tool_loop: &ToolLoop) -> usize {
    let calls = tool_loop.steps.iter().flat_map(|step| &step.calls);
    let results = calls.filter_map(|state| state.result.as_ref());
    results.map(|result| escaped_bytes(&result.text)).sum()
}

fn escaped_bytes(text: &str) -> usize {
    serde_json::to_string(text).map_or(0, |json| json.len())
}
