//! What the runs of agents mean for the messages that they answer.

use contract::chat::{ChatMessage, Unanswered};
use contract::fact::ActionRequested;
use contract::purpose::Question;
use contract::{ChatId, EntityId, Event, MessageId, Purpose, RunId};

use super::state::{AnswerQueue, CurrentAnswer};
use crate::interactions::Answers;
use crate::runs::EndedRun;
use crate::tools::{self, LoopOwner};
use crate::world::World;

/// The failure code of a run that was cancelled.
const CANCELLED: &str = "cancelled";

/// A run was requested: on the way to which answer, if to one.
pub(super) fn on_run_requested(world: &mut World, event: &Event, requested: &ActionRequested) {
    let run = event.id.run();
    let purpose = Purpose::of(event, requested);
    let question = match &purpose {
        Purpose::Answer(question) => begin_answer(world, question, &requested.entity, run),
        Purpose::Title { chat } => {
            if let Some(state) = world.chats.by_id.get_mut(chat) {
                state.title_requested = true;
            }
            return;
        }
        purpose => LoopOwner::of_call(purpose, &requested.entity)
            .and_then(|(owner, call)| called_for(world, &owner, call)),
    };
    if let (Some(question), Some(chat)) = (question, purpose.chat()) {
        let questions = &mut world.chats.questions;
        questions.insert(run, (chat.clone(), question));
    }
}

/// An agent answers the message that has waited longest, or goes on with its answer.
fn begin_answer(
    world: &mut World,
    question: &Question,
    agent: &EntityId,
    run: RunId,
) -> Option<ChatMessage> {
    let chat = &question.chat;
    let due = &mut world.chats.answers_due;
    due.remove(&(chat.clone(), agent.clone()));
    let queue = world.chats.queue_mut(chat, agent)?;
    if let Some(current) = &mut queue.current {
        current.run = Some(run);
        return Some(current.question.clone());
    }
    let mut waiting = queue.waiting.iter();
    let place = waiting.position(|waiting| waiting.id == question.message)?;
    let question = queue.waiting.remove(place)?;
    queue.current = Some(CurrentAnswer {
        question: question.clone(),
        run: Some(run),
    });
    Some(question)
}

/// The message on the way to whose answer a call is made.
fn called_for(world: &World, owner: &LoopOwner, call: &str) -> Option<ChatMessage> {
    tools::call_of(world, owner, call)?;
    let queue = world.chats.queue(&owner.chat, &owner.agent)?;
    let current = queue.current.as_ref()?;
    Some(current.question.clone())
}

/// The message on the way to whose answer a run was: the run has ended.
pub(crate) fn take_question(world: &mut World, run: RunId) -> Option<(ChatId, ChatMessage)> {
    world.chats.questions.remove(&run)
}

/// A run that answers has ended: its agent goes on with its calls, or with the next message.
pub(crate) fn on_answer_ended(
    world: &mut World,
    ended: &EndedRun<'_>,
    (chat, message): (ChatId, ChatMessage),
) {
    let agent = &ended.run.entity;
    let owner = LoopOwner {
        chat,
        agent: agent.clone(),
    };
    if let Ok(completed) = ended.outcome
        && !completed.calls.is_empty()
    {
        let Some(queue) = world.chats.queue_mut(&owner.chat, agent) else {
            return;
        };
        if let Some(current) = &mut queue.current {
            current.run = None;
        }
        let question = Question {
            chat: owner.chat.clone(),
            message: message.id,
            turn: message.turn,
        };
        tools::record_step(world, owner.clone(), &question, completed);
        mark_if_due(world, &owner);
        let requests = &mut world.chats.model_requests;
        *requests.entry(agent.clone()).or_default() += 1;
        return;
    }
    let queue = world.chats.queue_mut(&owner.chat, agent);
    let queue = queue.filter(|queue| queue.run() == Some(ended.id));
    if let Some(queue) = queue {
        queue.current = None;
        let is_empty = queue.waiting.is_empty();
        tools::end_loop(world, &owner);
        if is_empty {
            world.chats.remove_queue(&owner.chat, agent);
        }
        mark_if_due(world, &owner);
    }
    let unanswered = match (ended.outcome, ended.failure_code) {
        (Ok(_), _) => None,
        (Err(_), CANCELLED) => Some(Unanswered::Cancelled),
        (Err(_), _) => Some(Unanswered::Failed),
    };
    complete_answer(world, message.turn, unanswered);
}

/// A call of the loop of an agent has its result.
pub(crate) fn on_tool_result(world: &mut World, owner: &LoopOwner) {
    mark_if_due(world, owner);
}

/// One of a turn's answers is no longer awaited. `unanswered` says why it did not come, unless its agent has
/// ended without a failure.
pub(super) fn complete_answer(
    world: &mut World,
    turn_id: MessageId,
    unanswered: Option<Unanswered>,
) {
    let Some(turn) = world.chats.turns.get_mut(&turn_id) else {
        return;
    };
    // Once somebody has answered nothing is missing. That an agent failed says more than that another was
    // cancelled.
    let is_final = matches!(turn.unanswered, None | Some(Unanswered::Failed));
    if !is_final && unanswered.is_some() {
        turn.unanswered = unanswered;
    }
    turn.open = turn.open.saturating_sub(1);
    if turn.open == 0 {
        let finished = &mut world.chats.finished_turns;
        finished.insert(turn_id, turn.chat.clone());
    }
}

/// Notes that an agent can take its next step, if it can.
fn mark_if_due(world: &mut World, owner: &LoopOwner) {
    let queue = world.chats.queue(&owner.chat, &owner.agent);
    if queue.is_some_and(|queue| is_due(world, owner, queue)) {
        let due = &mut world.chats.answers_due;
        due.insert((owner.chat.clone(), owner.agent.clone()));
    }
}

/// Whether an agent can take its next step: answer another message, or go on with its answer.
pub(super) fn is_due(world: &World, owner: &LoopOwner, queue: &AnswerQueue) -> bool {
    match &queue.current {
        Some(current) => current.run.is_none() && tools::is_settled(world, owner) == Some(true),
        None => {
            let answers = world.interactions.answers(&owner.agent);
            !queue.waiting.is_empty() && answers == Answers::Now
        }
    }
}

/// Whether an agent is on its way to an answer in a chat.
pub(crate) fn is_answering(world: &World, chat: &ChatId, agent: &EntityId) -> bool {
    let queue = world.chats.queue(chat, agent);
    queue.is_some_and(|queue| queue.current.is_some())
}

/// The machine of an agent lets it answer now, or does not any more.
pub(crate) fn on_answers_changed(world: &mut World, agent: &EntityId) {
    for chat in world.chats.queued_chats(agent) {
        let agent = agent.clone();
        let due = &mut world.chats.answers_due;
        due.remove(&(chat.clone(), agent.clone()));
        mark_if_due(world, &LoopOwner { chat, agent });
    }
}
