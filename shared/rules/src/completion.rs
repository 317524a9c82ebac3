//! How a run ends that a worker reports: what its result means follows from its purpose.

use contract::fact::ActionCompleted;
use contract::mind::ThinkTask;
use contract::purpose::Caller;
use contract::run::RunResult;
use contract::{Purpose, Rejection, RunId, RunOutcome};
use serde_json::value::RawValue;

use crate::abilities::{Origin, SendContext, output_of, send};
use crate::chats::check_event_chat;
use crate::decider::Decider;
use crate::runs::{OpenRun, fail, push_completed, require_started};
use crate::tools::LoopOwner;
use crate::world::World;
use crate::{behaviours, chats, entities, flows, interactions, minds, tools};

/// A worker reports how a run ended.
pub(crate) fn complete(
    world: &World,
    id: RunId,
    outcome: &RunOutcome,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let run = require_started(world, id)?;
    match outcome {
        RunOutcome::Completed(result) => succeed(world, id, run, result, decider),
        RunOutcome::Failed { code, reason } => fail(id, run, code, reason, decider),
    }
}

fn succeed(
    world: &World,
    id: RunId,
    run: &OpenRun,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let field = "outcome.completed.changes";
    entities::change_all(world, &result.changes, &run.entity, field, decider)?;
    send_events(world, run, result, decider)?;
    match &run.purpose {
        Purpose::Decide => minds::complete(world, (id, run), ThinkTask::Decide, result, decider),
        Purpose::Summarise => {
            minds::complete(world, (id, run), ThinkTask::Summarise, result, decider)
        }
        Purpose::ToolCall { .. }
        | Purpose::Ability {
            caller: Some(Caller::ToolCall { .. }),
            ..
        } => match LoopOwner::of_call(&run.purpose, &run.entity) {
            Some((owner, _)) => tools::on_tool_result(world, (id, run), &owner, result, decider),
            None => Ok(()),
        },
        Purpose::Answer(question) if !result.calls.is_empty() => {
            tools::on_tool_calls(world, (id, run), question, result, decider)
        }
        _ if !result.calls.is_empty() => {
            let reason = "tools are for the answer to a message";
            fail(id, run, "no_message", reason, decider)
        }
        Purpose::Answer(_) => {
            post_answer(world, id, run, result, decider)?;
            push_result(id, run, result, decider)
        }
        Purpose::Title { chat } => {
            chats::title_from_model(world, chat, result.output.as_deref(), decider)?;
            push_result(id, run, result, decider)
        }
        Purpose::Interaction(step) => {
            behaviours::on_run_completed(world, run, *step, result, decider)?;
            interactions::on_run_completed(world, (id, run), *step, result, decider)
        }
        // The model that called it gets the events that it sent, if it has no output.
        Purpose::Ability {
            caller: Some(Caller::Node { .. }),
            ..
        } => push_output(id, run, output_of(result), result, decider),
        Purpose::Node(step) => flows::on_run_completed(world, (id, run), step, result, decider),
        Purpose::Ability { .. } | Purpose::Requested => push_result(id, run, result, decider),
    }
}

fn send_events(
    world: &World,
    run: &OpenRun,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for (index, event) in result.events.iter().enumerate() {
        let context = SendContext {
            sender: &run.entity,
            origin: Origin {
                run: Some(run),
                call: None,
            },
            field: &format!("outcome.completed.events[{index}]"),
            check_chat: check_event_chat,
        };
        send(world, event, context, decider)?;
    }
    Ok(())
}

fn post_answer(
    world: &World,
    id: RunId,
    run: &OpenRun,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let (Some(text), Some((chat, question))) = (&result.message, world.chats.question(id)) else {
        return Ok(());
    };
    let answer = (text.as_str(), result.usage.clone());
    chats::post_answer(world, chat, &run.entity, answer, question, decider)
}

fn push_result(
    id: RunId,
    run: &OpenRun,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    push_output(id, run, result.output.clone(), result, decider)
}

fn push_output(
    id: RunId,
    run: &OpenRun,
    output: Option<Box<RawValue>>,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let completed = ActionCompleted {
        run: id,
        call: None,
        output,
        said: String::new(),
        calls: Vec::new(),
        usage: result.usage.clone(),
    };
    push_completed(run, completed, decider)
}
