//! What follows from the calls that a model made, and from their results.

use contract::fact::ActionCompleted;
use contract::purpose::Question;
use contract::run::RunResult;
use contract::tool::{Tool, ToolCall, ToolResult, Verdict};
use contract::{Purpose, Rejection, RunId};
use serde_json::value::RawValue;

use super::ability_calls::{ability_result, send_call};
use super::access::{access_of, authorize, needs_a_person};
use super::approvals::{push_approval_ended, request_approval};
use super::check::check_calls;
use super::limits::{CALLS_BYTES_MAX, LOOP_BYTES_MAX, PENDING_MAX, STEPS_MAX, TEXT_BYTES_MAX};
use super::loops::{call_bytes, loop_bytes, pending, result_room};
use super::request::request_call;
use super::state::LoopOwner;
use crate::decider::Decider;
use crate::runs::{OpenRun, fail, push_cancelled, push_completed};
use crate::text::truncate;
use crate::world::World;

/// The model of an agent called tools on the way to the answer of `question`.
pub(crate) fn on_tool_calls(
    world: &World,
    (id, run): (RunId, &OpenRun),
    question: &Question,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    check_calls(&result.calls)?;
    let owner = LoopOwner {
        chat: question.chat.clone(),
        agent: run.entity.clone(),
    };
    if let Some(reason) = too_many_steps(world, &owner, &result.calls) {
        return fail(id, run, "too_many_steps", &reason, decider);
    }
    let calls = authorized(world, &owner, &result.calls);
    let ended = ActionCompleted {
        run: id,
        call: None,
        output: None,
        said: truncate(
            result.message.as_deref().unwrap_or_default(),
            TEXT_BYTES_MAX,
        ),
        calls: calls.clone(),
        usage: result.usage.clone(),
    };
    push_completed(run, ended, decider)?;
    let access = access_of(world, &run.entity);
    for call in calls.iter().filter(|call| call.refused.is_none()) {
        if let Some(Tool::Ability { .. }) = &call.tool {
            send_call(world, &run.entity, question, call, decider)?;
        } else if needs_a_person(world, &access, call) {
            request_approval((id, run), &access, call, decider)?;
        } else {
            request_call(question, &run.entity, &access, call, decider)?;
        }
    }
    Ok(())
}

/// Why a model can't go on with its calls: it calls more and more, and gives no answer.
fn too_many_steps(world: &World, owner: &LoopOwner, calls: &[ToolCall]) -> Option<String> {
    let tool_loop = world.tools.find(owner);
    let steps = tool_loop.map_or(0, |tool_loop| tool_loop.steps.len());
    let added: usize = calls.iter().map(call_bytes).sum();
    let bytes = tool_loop.map_or(0, loop_bytes) + added.min(CALLS_BYTES_MAX);
    (steps >= STEPS_MAX || bytes > LOOP_BYTES_MAX)
        .then(|| format!("the model called tools {steps} times and gave no answer"))
}

/// The calls of a step as they enter the log: those that are refused have the reason.
fn authorized(world: &World, owner: &LoopOwner, calls: &[ToolCall]) -> Vec<ToolCall> {
    let mut bytes = 0;
    let mut room = PENDING_MAX.saturating_sub(pending(world, owner));
    let calls = calls.iter().map(|call| {
        bytes += call_bytes(call);
        let fits = bytes <= CALLS_BYTES_MAX;
        let call = authorize(world, &owner.agent, call, fits, room > 0);
        room = room.saturating_sub(usize::from(call.refused.is_none()));
        call
    });
    calls.collect()
}

/// A call was made: what came of it goes to the model of the loop's owner.
pub(crate) fn on_tool_result(
    world: &World,
    (id, run): (RunId, &OpenRun),
    owner: &LoopOwner,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let tool_result = match run.purpose {
        Purpose::Ability { .. } => ability_result(result),
        _ => decode_result(result.output.as_deref()),
    };
    let room = world.tools.find(owner).map_or(0, result_room);
    let tool_result = ToolResult {
        text: truncate(&tool_result.text, room),
        ..tool_result
    };
    let ended = ActionCompleted {
        run: id,
        call: run.purpose.call().map(ToOwned::to_owned),
        output: serde_json::value::to_raw_value(&tool_result).ok(),
        said: String::new(),
        calls: Vec::new(),
        usage: result.usage.clone(),
    };
    push_completed(run, ended, decider)
}

fn decode_result(output: Option<&RawValue>) -> ToolResult {
    let result = output.and_then(|json| serde_json::from_str(json.get()).ok());
    result.unwrap_or_else(|| ToolResult {
        text: "the tool answered nothing that can be read".to_owned(),
        failed: true,
    })
}

/// Cancels the calls that the owner of a loop waits for.
pub(crate) fn cancel_loop(
    world: &World,
    owner: &LoopOwner,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let tool_loop = world.tools.find(owner);
    for state in tool_loop
        .into_iter()
        .flat_map(|tool_loop| tool_loop.last_calls())
    {
        let run = state.run.and_then(|run| Some((run, world.runs.get(run)?)));
        if let Some((id, run)) = run {
            push_cancelled(id, run, decider)?;
        }
        let approval = state.approval.and_then(|id| world.tools.approval(id));
        if let Some(approval) = approval {
            push_approval_ended(world, approval, &Verdict::Cancelled, decider)?;
        }
    }
    Ok(())
}
