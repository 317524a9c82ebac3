//! What events change about tool loops and approvals.

use contract::ability::Executor;
use contract::fact::{ActionCompleted, ActionRequested, ApprovalEnded, ApprovalRequested};
use contract::interaction::InteractionRequested;
use contract::purpose::{Caller, Question};
use contract::tool::{Approval, Tool, ToolCall, ToolResult};
use contract::{Event, Fact, Purpose, Timestamp};

use super::approvals::{owner_of, server_of};
use super::limits::REASON_BYTES_MIN;
use super::loops::result_room;
use super::state::{CallState, LoopOwner, LoopStep};
use crate::schedule::Due;
use crate::text::truncate;
use crate::world::World;

/// Applies an event; whose loop got a result by it, if one did.
pub(crate) fn apply(
    world: &mut World,
    event: &Event,
    fact: &Fact,
    at: Timestamp,
) -> Option<LoopOwner> {
    match fact {
        Fact::ActionRequested(requested) => begin_call(world, event, requested),
        Fact::InteractionRequested(requested) => begin_request(world, event, requested),
        Fact::ApprovalRequested(requested) => begin_approval(world, event, requested, at),
        Fact::ApprovalEnded(ended) => return end_approval(world, ended),
        _ => {}
    }
    None
}

/// A run makes a call.
fn begin_call(world: &mut World, event: &Event, requested: &ActionRequested) {
    let run = event.id.run();
    let purpose = Purpose::of(event, requested);
    let Some((owner, call)) = LoopOwner::of_call(&purpose, &requested.entity) else {
        return;
    };
    if let Some(state) = call_mut(world, &owner, call) {
        state.run = Some(run);
    }
}

/// A call is a request of an entity that has a behaviour.
fn begin_request(world: &mut World, event: &Event, requested: &InteractionRequested) {
    let caller = requested.caller.as_ref();
    let Some((owner, call)) = caller.and_then(LoopOwner::of_caller) else {
        return;
    };
    if let Some(state) = call_mut(world, &owner, call) {
        state.request = Some(event.id.interaction());
    }
}

fn begin_approval(world: &mut World, event: &Event, requested: &ApprovalRequested, at: Timestamp) {
    let Some(chat) = &event.chat else { return };
    let id = event.id.approval();
    let owner = LoopOwner {
        chat: chat.clone(),
        agent: event.sender.clone(),
    };
    if let Some(state) = call_mut(world, &owner, &requested.call.id) {
        state.approval = Some(id);
    }
    if let Some(deadline) = requested.deadline {
        world.schedule.insert(deadline, Due::Approval(id));
    }
    let approval = Approval {
        id,
        agent: owner.agent,
        chat: owner.chat,
        run: requested.run,
        call: requested.call.clone(),
        server: server_of(world, &requested.call),
        asked_at: at,
        deadline: requested.deadline,
    };
    world.tools.insert_approval(approval);
}

fn end_approval(world: &mut World, ended: &ApprovalEnded) -> Option<LoopOwner> {
    let approval = world.tools.remove_approval(ended.approval)?;
    if let Some(deadline) = approval.deadline {
        world.schedule.remove(deadline, Due::Approval(approval.id));
    }
    // An approved call has its run next.
    let result = ended.verdict.result()?;
    let owner = owner_of(&approval);
    record_result(world, &owner, &approval.call.id, &result).then_some(owner)
}

/// The run of a call has ended: whether its loop, if it is still there, has the result now.
pub(crate) fn record_run_result(
    world: &mut World,
    owner: &LoopOwner,
    call: &str,
    outcome: Result<&ActionCompleted, &str>,
) -> bool {
    let result = match outcome {
        Ok(completed) => ToolResult::from_output(completed.output.as_deref()),
        Err(reason) => ToolResult::failed(reason),
    };
    record_result(world, owner, call, &result)
}

/// The request that a call is has ended: whether its loop, if it is still there, has the result now.
pub(crate) fn record_request_result(
    world: &mut World,
    caller: &Caller,
    outcome: Result<&str, &str>,
) -> Option<LoopOwner> {
    let (owner, call) = LoopOwner::of_caller(caller)?;
    let result = match outcome {
        Ok(text) => ToolResult::succeeded(text),
        Err(reason) => ToolResult::failed(reason),
    };
    record_result(world, &owner, call, &result).then_some(owner)
}

fn record_result(world: &mut World, owner: &LoopOwner, call: &str, result: &ToolResult) -> bool {
    let Some(tool_loop) = world.tools.find_mut(owner) else {
        return false;
    };
    // What people answer counts like what tools do.
    let room = result_room(tool_loop).max(REASON_BYTES_MIN);
    let Some(state) = tool_loop.call_mut(call) else {
        return false;
    };
    state.run = None;
    state.approval = None;
    state.request = None;
    state.result = Some(ToolResult {
        text: truncate(&result.text, room),
        failed: result.failed,
    });
    true
}

/// An agent called tools: its loop goes on, or begins, with this step.
pub(crate) fn record_step(
    world: &mut World,
    owner: LoopOwner,
    question: &Question,
    completed: &ActionCompleted,
) {
    let calls = completed.calls.iter().map(|call| CallState {
        call: call.clone(),
        run: None,
        approval: None,
        request: None,
        result: known_result(world, call),
    });
    let step = LoopStep {
        said: completed.said.clone(),
        calls: calls.collect(),
    };
    world.tools.begin(owner, question).steps.push(step);
}

/// Ends the loop of an owner; whether there was one.
pub(crate) fn end_loop(world: &mut World, owner: &LoopOwner) -> bool {
    world.tools.remove(owner).is_some()
}

/// The result of a call that no worker runs: it was refused, or its event is all there is to it.
fn known_result(world: &World, call: &ToolCall) -> Option<ToolResult> {
    if let Some(reason) = &call.refused {
        return Some(ToolResult::failed(reason));
    }
    let Some(Tool::Ability {
        entity, ability, ..
    }) = &call.tool
    else {
        return None;
    };
    let abilities = world.entities.get(entity).map(|entity| &entity.abilities);
    let mut abilities = abilities.into_iter().flatten();
    let ability = abilities.find(|other| other.name == *ability)?;
    (ability.run == Executor::Client {}).then(|| ToolResult::succeeded("sent"))
}

fn call_mut<'a>(world: &'a mut World, owner: &LoopOwner, call: &str) -> Option<&'a mut CallState> {
    world.tools.find_mut(owner)?.call_mut(call)
}
