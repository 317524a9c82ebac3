//! What follows by itself in chats: agents that are free answer, and turns end.

use std::collections::BTreeSet;

use contract::chat::Unanswered;
use contract::fact::TurnEnded;
use contract::purpose::Question;
use contract::{Brain, ChatId, EntityId, EventId, Fact, MessageId, Purpose, Rejection, action};

use crate::decider::{Decider, EventHeader};
use crate::entities::agent_config;
use crate::runs::{self, ANSWER_GRACE, DEADLINE_DEFAULT};
use crate::world::World;

/// Requests the next run of agents that are free, of at most so many.
pub(crate) fn request_due_answers(
    world: &World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let mut busy = BTreeSet::new();
    for (chat, agent) in world.chats.answers_due.iter().take(most) {
        // A machine does one thing at a time; when it lets its entity answer again, the next is due.
        if world.entities.has_machine(agent) && !busy.insert(agent) {
            continue;
        }
        request_answer(world, chat, agent, decider)?;
    }
    Ok(())
}

/// The next run of an agent that is free: it goes on with its answer, or answers another message.
fn request_answer(
    world: &World,
    chat: &ChatId,
    agent: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let queue = world.chats.queue(chat, agent);
    let question = queue.and_then(|queue| match &queue.current {
        Some(current) => Some(&current.question),
        None => queue.waiting.front(),
    });
    let (Some(question), true) = (question, world.entities.contains(agent)) else {
        return Ok(());
    };
    let config = agent_config(world, agent);
    let function = config.and_then(|config| match &config.brain {
        Brain::Function { action } => Some(action.clone()),
        Brain::Script(_) | Brain::Llm(_) | Brain::Client {} => None,
    });
    let Some(action) = function.or_else(|| action::RESPOND.try_into().ok()) else {
        return Ok(());
    };
    let timeout = config.map_or(DEADLINE_DEFAULT, |config| config.turn_timeout_seconds);
    let purpose = Purpose::Answer(Question {
        chat: chat.clone(),
        message: question.id,
        turn: question.turn,
    });
    let deadline = decider.now() + timeout + ANSWER_GRACE;
    let requested = purpose.request(action, agent.clone(), deadline);
    let header = EventHeader {
        causation: Some(EventId(question.id.0)),
        correlation: Some(question.turn.0),
        ..EventHeader::default()
    };
    runs::request(requested, &purpose, header, decider)
}

/// Ends turns in which no answer is awaited any more, at most so many. Returns their chats.
pub(crate) fn end_finished_turns<'a>(
    world: &'a World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<BTreeSet<&'a ChatId>, Rejection> {
    let mut chats = BTreeSet::new();
    for (turn, chat) in world.chats.finished_turns.iter().take(most) {
        let state = world.chats.turns.get(turn);
        let unanswered = state.and_then(|state| state.unanswered);
        push_turn_ended(*turn, unanswered, chat, decider)?;
        chats.insert(chat);
    }
    Ok(chats)
}

fn push_turn_ended(
    turn: MessageId,
    unanswered: Option<Unanswered>,
    chat: &ChatId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let header = EventHeader {
        sender: Some(EntityId::world()),
        causation: Some(EventId(turn.0)),
        correlation: Some(turn.0),
        ..EventHeader::of_chat(chat)
    };
    let ended = TurnEnded { turn, unanswered };
    decider.push_with(Fact::TurnEnded(ended), header)
}
