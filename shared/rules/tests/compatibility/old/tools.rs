//! Tools: what an agent's model calls on its way to an answer.
//!
//! A run of `respond` ends with calls instead of a message. Each call becomes a run of its own, at
//! once or when a person has agreed, or is refused; when all of them have their results, the agent
//! goes on with another run of `respond`.

mod ability;
mod access;
mod approval;

use std::collections::BTreeSet;

use contract::chat::ChatMessage;
use contract::fact::{ActionCompleted, ActionRequested};
use contract::run::RunResult;
use contract::tool::{Tool, ToolAccess, ToolCall, ToolResult, ToolStep};
use contract::{ChatId, EntityId, Fact, Rejection, RunId};
use serde_json::value::RawValue;

use super::state::{Answering, Open, Thread, World};
use super::{About, Decision, invalid, invocation};

pub(super) use ability::event_of;
pub(super) use access::{check_access, check_servers, may_only_read, servers};
pub(super) use approval::{decide, expire, push_ended};

/// The action that makes a call.
const TOOL: &str = "tool";
/// Steps to one answer: a model that needs more goes round in circles.
const STEPS_MAX: usize = 24;
/// Calls of one step, those that are refused included.
const CALLS_MAX: usize = 64;
/// What all calls of one step may hold. Each of them is in two events of one commit.
const CALLS_BYTES_MAX: usize = 64 * 1024;
/// What is said beside calls is for the model itself: it need not be long.
const SAID_BYTES_MAX: usize = 4 * 1024;
/// The result of one call.
const RESULT_BYTES_MAX: usize = 32 * 1024;
/// The results of all calls to one answer: a worker is told them together, in one message.
const RESULTS_BYTES_MAX: usize = 192 * 1024;
/// Everything on the way to one answer, for the same reason.
const THREAD_BYTES_MAX: usize = 384 * 1024;
/// Calls that are under way in one chat, or for one agent, with those that wait for people: what calls
/// all of them off must fit in one commit.
const UNDER_WAY_MAX: usize = 200;
const NAME_BYTES_MAX: usize = 256;

/// The model of an agent has called tools.
pub(super) fn called(
    world: &World,
    id: RunId,
    open: &Open,
    completed: &RunResult,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some((chat, question)) = &open.answers else {
        let reason = "tools are for the answer to a message";
        return invocation::fail(id, open, "no_message", reason, decision);
    };
    check_calls(&completed.calls)?;
    let thread = thread(world, chat, &open.agent);
    let steps = thread.map_or(0, |thread| thread.steps.len());
    let added: usize = completed.calls.iter().map(size_bytes).sum();
    let bytes = thread.map_or(0, size_of) + added.min(CALLS_BYTES_MAX);
    if steps >= STEPS_MAX || bytes > THREAD_BYTES_MAX {
        let reason = format!("the model called tools {steps} times and gave no answer");
        return invocation::fail(id, open, "too_many_steps", &reason, decision);
    }
    let mut bytes = 0;
    let mut room = UNDER_WAY_MAX.saturating_sub(under_way(world, chat, &open.agent));
    let calls = completed.calls.iter().map(|call| {
        bytes += size_bytes(call);
        let fits = bytes <= CALLS_BYTES_MAX;
        let call = access::admitted(world, &open.agent, call, fits, room > 0);
        room = room.saturating_sub(usize::from(call.refused.is_none()));
        call
    });
    let calls: Vec<ToolCall> = calls.collect();
    let ended = ActionCompleted {
        invocation: id,
        call: None,
        output: None,
        said: cut(
            completed.message.as_deref().unwrap_or_default(),
            SAID_BYTES_MAX,
        ),
        calls: calls.clone(),
        usage: completed.usage.clone(),
    };
    decision.push_about(Fact::ActionCompleted(ended), invocation::about(id, open))?;
    let access = access::of(world, &open.agent);
    for call in calls.iter().filter(|call| call.refused.is_none()) {
        if let Some(Tool::Ability { .. }) = &call.tool {
            ability::call(world, open, call, decision)?;
        } else if access::needs_a_person(world, &access, call) {
            approval::request(id, open, &access, call, decision)?;
        } else {
            request(chat, question, &open.agent, &access, call, decision)?;
        }
    }
    Ok(())
}

pub(super) fn check_calls(calls: &[ToolCall]) -> Result<(), Rejection> {
    if calls.len() > CALLS_MAX {
        let detail = format!("{} calls; at most {CALLS_MAX} are taken", calls.len());
        return Err(invalid("outcome.completed.calls", detail));
    }
    let mut ids = BTreeSet::new();
    for (index, call) in calls.iter().enumerate() {
        let field = |name: &str| format!("outcome.completed.calls[{index}].{name}");
        World::check_text(&call.id, NAME_BYTES_MAX, &field("id"))?;
        World::check_text(&call.name, NAME_BYTES_MAX, &field("name"))?;
        if call.id.is_empty() || !ids.insert(&call.id) {
            let detail = "a call has an id of its own";
            return Err(invalid(field("id"), detail));
        }
    }
    Ok(())
}

/// Asks a worker to make a call.
fn request(
    chat: &ChatId,
    question: &ChatMessage,
    agent: &EntityId,
    access: &ToolAccess,
    call: &ToolCall,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Ok(action) = TOOL.try_into() else {
        return Ok(());
    };
    let requested = ActionRequested {
        message: Some(question.id),
        turn: Some(question.turn),
        call: Some(call.id.clone()),
        ..crate::old::action_requested(
            action,
            agent.clone(),
            decision.now + access.timeout_seconds + invocation::ANSWER_GRACE,
        )
    };
    let about = About {
        sender: Some(EntityId::world()),
        chat: Some(chat.clone()),
        correlation: Some(question.turn.0),
        ..About::default()
    };
    decision.push_about(Fact::ActionRequested(requested), about)
}

/// A call was made: what came of it goes to the model.
pub(super) fn returned(
    world: &World,
    id: RunId,
    open: &Open,
    call: &str,
    completed: &RunResult,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let thread = open
        .answers
        .as_ref()
        .and_then(|(chat, _)| thread(world, chat, open.answerer()));
    let result = match open.ability {
        Some(_) => ability::result(completed),
        None => read(completed.output.as_deref()),
    };
    let result = ToolResult {
        text: cut(&result.text, thread.map_or(0, results_room)),
        ..result
    };
    let ended = ActionCompleted {
        invocation: id,
        call: Some(call.to_owned()),
        output: serde_json::value::to_raw_value(&result).ok(),
        said: String::new(),
        calls: Vec::new(),
        usage: completed.usage.clone(),
    };
    decision.push_about(Fact::ActionCompleted(ended), invocation::about(id, open))
}

fn read(output: Option<&RawValue>) -> ToolResult {
    let result = output.and_then(|json| serde_json::from_str(json.get()).ok());
    result.unwrap_or_else(|| ToolResult {
        text: "the tool answered nothing that can be read".to_owned(),
        failed: true,
    })
}

pub(super) fn cut(text: &str, bytes_max: usize) -> String {
    let text = text.replace('\0', "");
    if text.len() <= bytes_max {
        return text;
    }
    format!("{}… [cut]", &text[..text.floor_char_boundary(bytes_max)])
}

/// Calls off the calls that an agent waits for.
pub(super) fn call_off(
    world: &World,
    answering: &Answering,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let step = answering
        .thread
        .as_ref()
        .and_then(|thread| thread.steps.last());
    for made in step.into_iter().flat_map(|step| &step.calls) {
        let run = made
            .run
            .and_then(|run| Some((run, world.invocations.get(&run)?)));
        if let Some((run, open)) = run {
            invocation::push_cancelled(run, open, decision)?;
        }
        let approval = made.approval.and_then(|id| world.approvals.get(&id));
        if let Some(approval) = approval {
            push_ended(
                world,
                approval,
                &contract::tool::Verdict::Cancelled,
                decision,
            )?;
        }
    }
    Ok(())
}

/// What an agent has done so far to answer a message.
pub(super) fn steps(world: &World, chat: &ChatId, agent: &EntityId) -> Vec<ToolStep> {
    let steps = thread(world, chat, agent).map(|thread| &thread.steps);
    let steps = steps.into_iter().flatten().map(|step| ToolStep {
        said: step.said.clone(),
        calls: step
            .calls
            .iter()
            .filter_map(|made| Some((made.call.clone(), made.result.clone()?)))
            .collect(),
    });
    steps.collect()
}

/// The call that a run makes.
pub(super) fn call(world: &World, chat: &ChatId, agent: &EntityId, id: &str) -> Option<ToolCall> {
    let step = thread(world, chat, agent)?.steps.last()?;
    let made = step.calls.iter().find(|made| made.call.id == id)?;
    Some(made.call.clone())
}

fn thread<'a>(world: &'a World, chat: &ChatId, agent: &EntityId) -> Option<&'a Thread> {
    let answering = world.chats.get(chat)?.answering.get(agent)?;
    answering.thread.as_ref()
}

/// As JSON a text may be longer than it is.
fn results_bytes(thread: &Thread) -> usize {
    let calls = thread.steps.iter().flat_map(|step| &step.calls);
    let results = calls.filter_map(|made| made.result.as_ref());
    results.map(|result| escaped_bytes(&result.text)).sum()
}

fn escaped_bytes(text: &str) -> usize {
    serde_json::to_string(text).map_or(0, |json| json.len())
}

fn size_of(thread: &Thread) -> usize {
    let calls = thread.steps.iter().flat_map(|step| &step.calls);
    let calls: usize = calls.map(|made| size_bytes(&made.call)).sum();
    let said = thread.steps.iter().map(|step| escaped_bytes(&step.said));
    results_bytes(thread) + calls + said.sum::<usize>()
}

/// Calls that have no result yet, in a chat or for an agent, whichever are more.
fn under_way(world: &World, chat: &ChatId, agent: &EntityId) -> usize {
    let open = |answering: &Answering| {
        let step = answering
            .thread
            .as_ref()
            .and_then(|thread| thread.steps.last());
        let calls = step.into_iter().flat_map(|step| &step.calls);
        calls.filter(|made| made.result.is_none()).count()
    };
    let state = world.chats.get(chat);
    let answering = state.into_iter().flat_map(|state| state.answering.values());
    let in_chat: usize = answering.map(open).sum();
    let answering = world
        .chats
        .values()
        .filter_map(|state| state.answering.get(agent));
    let of_agent: usize = answering.map(open).sum();
    in_chat.max(of_agent)
}

/// What is left for the results of an answer that is under way.
pub(super) fn results_room(thread: &Thread) -> usize {
    RESULTS_BYTES_MAX
        .saturating_sub(results_bytes(thread))
        .min(RESULT_BYTES_MAX)
}

fn size_bytes(call: &ToolCall) -> usize {
    serde_json::to_string(call).map_or(usize::MAX, |json| json.len())
}
