//! Invocations: requested, ended once, and what a worker is told of them.

use std::time::Duration;

use contract::brain::Brain;
use contract::fact::{ActionCancelled, ActionCompleted, ActionFailed, ActionRequested};
use contract::run::RunResult;
use contract::{
    ActionName, ChatId, EntityId, EventId, Fact, Purpose, Rejection, RejectionCode, RunId,
    RunOutcome, Timestamp,
};
use serde_json::value::RawValue;

use super::ability::Origin;
use super::state::{Open, World};
use super::{About, Decision, change, event, invalid, message, minds, reject, titles, tools};

/// The action that answers a message.
const RESPOND: &str = "respond";
/// An invocation without a deadline of its own has this long.
pub(super) const DEADLINE_DEFAULT: Duration = Duration::from_mins(10);
/// What a worker gets beyond an agent's own limit to say that it failed, before the world says so.
pub(super) const ANSWER_GRACE: Duration = Duration::from_secs(30);
/// The longest reason of a failure.
const REASON_BYTES_MAX: usize = 4096;
/// The most invocations of a world that may be open: all of them are in its state.
pub(super) const OPEN_MAX: usize = 100_000;

pub(super) fn request(
    world: &World,
    action: &ActionName,
    agent: &EntityId,
    arguments: Option<&RawValue>,
    deadline: Option<Timestamp>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    world.check_entity(agent, "agent")?;
    if world.invocations.len() >= OPEN_MAX {
        let detail = format!("a world has at most {OPEN_MAX} open invocations");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    if deadline.is_some_and(|deadline| deadline <= decision.now) {
        return Err(invalid("deadline", "the deadline has passed"));
    }
    let requested = ActionRequested {
        arguments: arguments.map(ToOwned::to_owned),
        ..Purpose::Requested.request(
            action.clone(),
            agent.clone(),
            deadline.unwrap_or(decision.now + DEADLINE_DEFAULT),
        )
    };
    let about = About {
        correlation: Some(decision.next_id().0),
        ..About::default()
    };
    decision.push_about(Fact::ActionRequested(requested), about)
}

/// The next step of an agent that is free: on with its answer, or the answer to another message.
pub(super) fn request_answer(
    world: &World,
    chat: &ChatId,
    agent: &EntityId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let answering = world
        .chats
        .get(chat)
        .and_then(|state| state.answering.get(agent));
    let question = answering.and_then(|answering| match &answering.thread {
        Some(thread) => Some(&thread.question),
        None => answering.waiting.front(),
    });
    let (Some(question), Some(entity)) = (question, world.entities.get(agent)) else {
        return Ok(());
    };
    let function = entity.agent.as_ref().and_then(|agent| match &agent.brain {
        Brain::Function { action } => Some(action.clone()),
        Brain::Script(_) | Brain::Llm(_) | Brain::Client {} => None,
    });
    let Some(action) = function.or_else(|| RESPOND.try_into().ok()) else {
        return Ok(());
    };
    let timeout = entity
        .agent
        .as_ref()
        .map_or(DEADLINE_DEFAULT, |agent| agent.turn_timeout_seconds);
    let requested = ActionRequested {
        message: Some(question.id),
        turn: Some(question.turn),
        ..Purpose::Requested.request(action, agent.clone(), decision.now + timeout + ANSWER_GRACE)
    };
    let about = About {
        sender: Some(EntityId::world()),
        chat: Some(chat.clone()),
        causation: Some(EventId(question.id.0)),
        correlation: Some(question.turn.0),
        ..About::default()
    };
    decision.push_about(Fact::ActionRequested(requested), about)
}

pub(super) fn complete(
    world: &World,
    id: RunId,
    outcome: &RunOutcome,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let open = find(world, id)?;
    match outcome {
        RunOutcome::Completed(completed) => succeed(world, id, open, completed, decision),
        RunOutcome::Failed { code, reason } => fail(id, open, code, reason, decision),
    }
}

fn succeed(
    world: &World,
    id: RunId,
    open: &Open,
    completed: &RunResult,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let field = "outcome.completed.changes";
    change::change_all(world, &completed.changes, &open.agent, field, decision)?;
    let origin = Origin {
        run: Some(open),
        call: None,
    };
    for (index, draft) in completed.events.iter().enumerate() {
        let field = format!("outcome.completed.events[{index}]");
        event::send(world, draft, open.agent.clone(), origin, &field, decision)?;
    }
    if let Some(thinking) = open.thinking {
        return minds::complete(world, id, open, thinking, completed, decision);
    }
    if let Some(call) = open.call.as_ref().filter(|_| open.answers.is_some()) {
        return tools::returned(world, id, open, call, completed, decision);
    }
    if !completed.calls.is_empty() {
        return tools::called(world, id, open, completed, decision);
    }
    if let (Some(text), Some((chat, question))) = (&completed.message, &open.answers) {
        let usage = completed.usage.clone();
        message::answer(world, chat, &open.agent, text, question, usage, decision)?;
    }
    titles::by_model(world, open, completed.output.as_deref(), decision)?;
    let ended = ActionCompleted {
        invocation: id,
        call: None,
        output: completed.output.clone(),
        said: String::new(),
        calls: Vec::new(),
        usage: completed.usage.clone(),
    };
    decision.push_about(Fact::ActionCompleted(ended), about(id, open))
}

/// Says that an invocation failed.
pub(super) fn fail(
    id: RunId,
    open: &Open,
    code: &str,
    reason: &str,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    let ended = ActionFailed {
        invocation: id,
        call: open.call.clone(),
        code: code.to_owned(),
        reason: reason.replace('\0', ""),
    };
    decision.push_about(Fact::ActionFailed(ended), about(id, open))
}

pub(super) fn cancel(
    world: &World,
    id: RunId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    push_cancelled(id, find(world, id)?, decision)
}

/// Calls off what entities had to do that were removed.
pub(super) fn cancel_abandoned(
    world: &World,
    most: usize,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    for id in world.abandoned.iter().take(most) {
        if let Some(open) = world.invocations.get(id) {
            push_cancelled(*id, open, decision)?;
        }
    }
    Ok(())
}

pub(super) fn push_cancelled(
    id: RunId,
    open: &Open,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let cancelled = ActionCancelled {
        invocation: id,
        call: open.call.clone(),
    };
    decision.push_about(Fact::ActionCancelled(cancelled), about(id, open))
}

/// The end of an invocation goes back to its request, and belongs to whatever that did.
pub(super) fn about(id: RunId, open: &Open) -> About {
    let answers = open.answers.as_ref();
    let turn = answers.map(|(_, question)| question.turn.0);
    About {
        sender: Some(open.agent.clone()),
        chat: answers.map(|(chat, _)| chat.clone()),
        causation: Some(EventId(id.0)),
        correlation: turn.or(open.correlation).or(Some(id.0)),
        ..About::default()
    }
}

pub(super) fn find(world: &World, id: RunId) -> Result<&Open, Rejection> {
    let open = world.invocations.get(&id);
    let open = open.filter(|_| !world.abandoned.contains(&id));
    open.ok_or_else(|| {
        let detail = format!("the invocation {id} has ended, or never was");
        reject(
            RejectionCode::AlreadyEnded,
            detail,
            Some("invocation".to_owned()),
        )
    })
}
