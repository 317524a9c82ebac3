//! The table of events: every event is offered to every feature, from the bottom up. Nothing here can
//! fail: what is in the log has happened.

use contract::mind::ThinkTask;
use contract::purpose::Caller;
use contract::{Event, Fact, InteractionId, Purpose, Timestamp};

use crate::abilities::result_text;
use crate::interactions::OpenInteraction;
use crate::runs::EndedRun;
use crate::tools::LoopOwner;
use crate::world::World;
use crate::{
    behaviours, chats, entities, event_types, flows, interactions, minds, presence, runs, sessions,
    streams, timers, tools, worlds,
};

/// Applies an event that happened at `at`; `fact` is its payload, when its type is built in.
pub(crate) fn apply(world: &mut World, event: &Event, fact: Option<&Fact>, at: Timestamp) {
    offer(world, event, fact, at);
    // Behind the event that makes the log of a new world begin.
    world.quota.count(event);
}

fn offer(world: &mut World, event: &Event, fact: Option<&Fact>, at: Timestamp) {
    // A custom event changes nothing by itself; those whom it concerns remember it.
    let Some(fact) = fact else {
        return minds::on_custom_event(world, event, at);
    };
    entities::apply(world, fact);
    event_types::apply(world, fact);
    presence::apply(world, fact, at);
    let ended = runs::apply(world, event, fact);
    streams::apply(world, fact, at);
    let loop_with_result = tools::apply(world, event, fact, at);
    let interaction = interactions::apply(world, event, fact, at);
    chats::apply(world, event, fact, at);
    minds::apply(world, event, fact);
    sessions::apply(world, event, fact, at);
    timers::apply(world, event, fact);
    flows::apply(world, fact);
    behaviours::apply(world, event, fact, interaction.as_ref(), at);
    worlds::apply(world, fact, at);
    if let Some(owner) = loop_with_result {
        chats::on_tool_result(world, &owner);
    }
    if let Some((id, open)) = &interaction {
        sessions::on_interaction_ended(world, *id, open);
        request_ended(world, *id, open, (event, at));
    }
    if let Some(ended) = ended {
        run_ended(world, &ended, event, at);
    }
}

/// A request has ended: the agent that called it as an ability gets what came of it.
fn request_ended(
    world: &mut World,
    id: InteractionId,
    open: &OpenInteraction,
    moment: (&Event, Timestamp),
) {
    let Some(caller) = &open.request.caller else {
        return;
    };
    let outcome = interactions::outcome_of_call(open);
    let outcome = outcome.as_deref().map_err(String::as_str);
    match caller {
        Caller::ToolCall { .. } => {
            if let Some(owner) = tools::record_request_result(world, caller, outcome) {
                chats::on_tool_result(world, &owner);
            }
        }
        Caller::Mind { agent, .. } => {
            let ability = open
                .request
                .action
                .as_ref()
                .map_or("", |name| name.as_str());
            minds::on_request_ended(world, (id, ability), agent, outcome, moment);
        }
        Caller::Node { step, call, .. } => sessions::on_call_ended(world, step, call, outcome),
    }
}

/// What the end of a run changes follows from its purpose.
fn run_ended(world: &mut World, ended: &EndedRun<'_>, event: &Event, at: Timestamp) {
    let question = chats::take_question(world, ended.id);
    let moment = (event, at);
    match &ended.run.purpose {
        Purpose::Answer(_) => {
            if let Some(question) = question {
                chats::on_answer_ended(world, ended, question);
            }
            behaviours::on_answer_ended(world, ended, at);
        }
        purpose @ (Purpose::ToolCall { .. }
        | Purpose::Ability {
            caller: Some(Caller::ToolCall { .. }),
            ..
        }) => {
            if let Some((owner, call)) = LoopOwner::of_call(purpose, &ended.run.entity)
                && tools::record_run_result(world, &owner, call, ended.outcome)
            {
                chats::on_tool_result(world, &owner);
            }
        }
        Purpose::Ability {
            name,
            caller: Some(Caller::Mind { agent, .. }),
        } => minds::on_ability_ended(world, ended, (agent, name), moment),
        Purpose::Ability {
            caller: Some(Caller::Node { step, call, .. }),
            ..
        } => {
            let outcome = ended.outcome;
            let output = outcome.map(|completed| result_text(completed.output.as_deref()));
            let output = output
                .as_ref()
                .map(String::as_str)
                .map_err(|reason| *reason);
            sessions::on_call_ended(world, step, call, output);
        }
        Purpose::Decide => minds::on_task_ended(world, ended, ThinkTask::Decide, moment),
        Purpose::Summarise => minds::on_task_ended(world, ended, ThinkTask::Summarise, moment),
        Purpose::Interaction(step) => interactions::on_run_ended(world, ended, *step),
        Purpose::Node(step) => {
            sessions::on_run_ended(world, ended, step, at);
            if step.answers {
                behaviours::on_answer_ended(world, ended, at);
            }
        }
        Purpose::Ability { caller: None, .. } | Purpose::Title { .. } | Purpose::Requested => {}
    }
}
