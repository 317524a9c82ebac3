//! What events change about chats.

use std::collections::VecDeque;

use contract::chat::{ChatMessage, Unanswered};
use contract::fact::{MessagePosted, MessageRemoved};
use contract::{Chat, ChatId, EntityId, Event, Fact, Timestamp};

use super::answers::{complete_answer, is_due, on_run_requested};
use super::limits::{TAIL_BYTES_MAX, TAIL_MESSAGES_MAX};
use super::participants::agents_of;
use super::recalled::is_removed;
use super::state::{ChatState, Turn};
use crate::entities::{is_agent, sender_kind};
use crate::interactions::Answers;
use crate::tools::{self, LoopOwner};
use crate::world::World;

pub(crate) fn apply(world: &mut World, event: &Event, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::ChatCreated(chat) => create(world, chat, at),
        Fact::ChatOpened(opened) => world.chats.current = Some(opened.chat.clone()),
        Fact::ChatUpdated(chat) => {
            if let Some(state) = world.chats.by_id.get_mut(&chat.id) {
                state.chat = chat.clone();
            }
        }
        Fact::ChatDeleted(deleted) => delete(world, &deleted.chat),
        Fact::ChatStopped(stopped) => stop_waiting(world, &stopped.chat),
        Fact::TurnEnded(ended) => {
            world.chats.turns.remove(&ended.turn);
            world.chats.finished_turns.remove(&ended.turn);
        }
        Fact::MessagePosted(posted) => post(world, event, posted, at),
        Fact::MessageRemoved(removed) => remove_messages(world, event, removed),
        Fact::AgentForgot(forgot) => {
            world.chats.model_requests.remove(&forgot.agent);
            world.chats.limited.remove(&forgot.agent);
            world.chats.forgotten.insert(forgot.agent.clone(), at);
        }
        Fact::EntityRemoved(removed) => remove_agent(world, &removed.entity),
        Fact::ActionRequested(requested) => on_run_requested(world, event, requested),
        _ => {}
    }
}

fn create(world: &mut World, chat: &Chat, at: Timestamp) {
    world.chats.removals += 1;
    let mut state = ChatState {
        chat: chat.clone(),
        created_at: at,
        tail: Default::default(),
        message_count: 0,
        queues: Default::default(),
        title_requested: false,
    };
    if let Some(branch) = &chat.branch
        && let Some(from) = world.chats.by_id.get(&branch.chat)
    {
        let after = from
            .tail
            .iter()
            .rev()
            .take_while(|kept| kept.id != branch.message);
        let after = after.count();
        let kept = from.tail.len() - after;
        state.tail.extend(from.tail.iter().take(kept).cloned());
        state.message_count = from.message_count.saturating_sub(after as u64);
    }
    world.chats.by_id.insert(chat.id.clone(), state);
}

fn delete(world: &mut World, chat: &ChatId) {
    world.chats.removals += 1;
    stop_waiting(world, chat);
    let state = world.chats.by_id.remove(chat);
    for agent in state.into_iter().flat_map(|state| state.queues.into_keys()) {
        world.chats.queued.remove(&agent, chat);
        let chat = chat.clone();
        tools::end_loop(world, &LoopOwner { chat, agent });
    }
    world.chats.current.take_if(|current| current == chat);
}

fn post(world: &mut World, event: &Event, posted: &MessagePosted, at: Timestamp) {
    let Some(chat) = &event.chat else { return };
    if posted.notice {
        world.chats.limited.insert(event.sender.clone());
        return;
    }
    if sender_kind(world, &event.sender).opens_a_turn() {
        reset_request_counters(world, chat);
    }
    for agent in &posted.answerers {
        let requests = &mut world.chats.model_requests;
        *requests.entry(agent.clone()).or_default() += 1;
    }
    let message = ChatMessage {
        id: event.id.message(),
        sender: event.sender.clone(),
        from_agent: is_agent(world, &event.sender),
        answerers: posted.answerers.clone(),
        text: posted.text.clone(),
        at,
        turn: posted.turn,
        in_reply_to: posted.in_reply_to,
    };
    await_answers(world, chat, &message, posted.unanswered);
    let Some(state) = world.chats.by_id.get_mut(chat) else {
        return;
    };
    state.message_count += 1;
    state.tail.push_back(message);
    let mut bytes: usize = state.tail.iter().map(|message| message.text.len()).sum();
    while state.tail.len() > TAIL_MESSAGES_MAX || (bytes > TAIL_BYTES_MAX && state.tail.len() > 1) {
        bytes -= state
            .tail
            .pop_front()
            .map_or(0, |message| message.text.len());
    }
}

/// Every agent that sees that somebody opens a turn may make all of its model requests again.
fn reset_request_counters(world: &mut World, chat: &ChatId) {
    let Some(state) = world.chats.get(chat) else {
        return;
    };
    let agents = agents_of(world, &state.chat);
    let agents: Vec<EntityId> = agents.map(|agent| agent.id.clone()).collect();
    for agent in agents {
        world.chats.model_requests.remove(&agent);
        world.chats.limited.remove(&agent);
    }
}

/// Counts the answers that a message awaits, and lines them up. `unanswered` says why there are none, if it
/// begins a turn.
fn await_answers(
    world: &mut World,
    chat: &ChatId,
    message: &ChatMessage,
    unanswered: Option<Unanswered>,
) {
    let answers = u32::try_from(message.answerers.len()).unwrap_or(u32::MAX);
    let chats = &mut world.chats;
    let turn = chats.turns.entry(message.turn).or_insert_with(|| Turn {
        chat: chat.clone(),
        open: 0,
        unanswered: None,
    });
    turn.open += answers;
    turn.unanswered = match message.turn == message.id {
        true if answers > 0 => Some(Unanswered::NoText),
        true => unanswered,
        // It is an answer.
        false => None,
    };
    if turn.open == 0 {
        chats.finished_turns.insert(message.turn, chat.clone());
        return;
    }
    chats.finished_turns.remove(&message.turn);
    for agent in &message.answerers {
        let Some(queue) = chats.queue_or_new(chat, agent) else {
            return;
        };
        queue.waiting.push_back(message.clone());
        let answers_now = world.interactions.answers(agent) == Answers::Now;
        if queue.current.is_none() && answers_now {
            chats.answers_due.insert((chat.clone(), agent.clone()));
        }
    }
}

/// Takes a message and all that followed it out of its chat; nobody is to answer them any more.
fn remove_messages(world: &mut World, event: &Event, removed: &MessageRemoved) {
    let Some(chat) = &event.chat else { return };
    world.chats.removals += 1;
    let Some(state) = world.chats.by_id.get_mut(chat) else {
        return;
    };
    let gone = match &removed.kept {
        Some(kept) => {
            state.message_count = kept.count;
            state.tail = kept.messages.iter().cloned().collect();
            VecDeque::new()
        }
        None => {
            let first = removed.message;
            let Some(place) = state.tail.iter().position(|kept| kept.id == first) else {
                return;
            };
            let gone = state.tail.split_off(place);
            state.message_count = state.message_count.saturating_sub(gone.len() as u64);
            gone
        }
    };
    let is_gone = |message: &ChatMessage| match &removed.kept {
        Some(kept) => is_removed(kept, message),
        None => gone.iter().any(|other| other.id == message.id),
    };
    let mut unanswered = Vec::new();
    let mut ended_loops = Vec::new();
    for (agent, queue) in &mut state.queues {
        let waiting = std::mem::take(&mut queue.waiting);
        let (dropped, kept): (Vec<_>, Vec<_>) = waiting.into_iter().partition(&is_gone);
        queue.waiting = kept.into();
        unanswered.extend(dropped.into_iter().map(|message| message.turn));
        // A run that answers is cancelled by an event of its own.
        let ended = queue
            .current
            .take_if(|current| current.run.is_none() && is_gone(&current.question));
        if let Some(current) = ended {
            unanswered.push(current.question.turn);
            ended_loops.push(agent.clone());
        }
    }
    for agent in ended_loops {
        let chat = chat.clone();
        tools::end_loop(world, &LoopOwner { chat, agent });
    }
    remove_idle(world, chat);
    for turn in unanswered {
        complete_answer(world, turn, Some(Unanswered::Cancelled));
    }
}

/// Removes the queues of a chat in which nothing is left, and the marks of those who have nothing to do.
fn remove_idle(world: &mut World, chat: &ChatId) {
    let Some(state) = world.chats.by_id.get(chat) else {
        return;
    };
    let is_idle = |agent: &EntityId| {
        let (chat, agent) = (chat.clone(), agent.clone());
        let queue = &state.queues[&agent];
        !is_due(world, &LoopOwner { chat, agent }, queue)
    };
    let idle: Vec<EntityId> = state
        .queues
        .keys()
        .filter(|agent| is_idle(agent))
        .cloned()
        .collect();
    for agent in idle {
        world.chats.answers_due.remove(&(chat.clone(), agent));
    }
    world.chats.remove_empty_queues(chat);
}

fn stop_waiting(world: &mut World, chat: &ChatId) {
    let Some(state) = world.chats.by_id.get_mut(chat) else {
        return;
    };
    let mut unanswered = Vec::new();
    let mut ended_loops = Vec::new();
    for (agent, queue) in &mut state.queues {
        let waiting = std::mem::take(&mut queue.waiting);
        unanswered.extend(waiting.into_iter().map(|message| message.turn));
        // A run that answers is cancelled by an event of its own.
        if let Some(current) = queue.current.take_if(|current| current.run.is_none()) {
            unanswered.push(current.question.turn);
            ended_loops.push(agent.clone());
        }
    }
    world.chats.remove_empty_queues(chat);
    world.chats.answers_due.retain(|(due, _)| due != chat);
    for agent in ended_loops {
        let chat = chat.clone();
        tools::end_loop(world, &LoopOwner { chat, agent });
    }
    for turn in unanswered {
        complete_answer(world, turn, Some(Unanswered::Cancelled));
    }
}

fn remove_agent(world: &mut World, agent: &EntityId) {
    world.chats.model_requests.remove(agent);
    world.chats.limited.remove(agent);
    world.chats.forgotten.remove(agent);
    for chat in world.chats.queued_chats(agent) {
        if let Some(queue) = world.chats.remove_queue(&chat, agent) {
            let owner = LoopOwner {
                chat: chat.clone(),
                agent: agent.clone(),
            };
            let had_loop = tools::end_loop(world, &owner);
            let current = queue.current.filter(|_| had_loop);
            let current = current.map(|current| current.question);
            for message in queue.waiting.into_iter().chain(current) {
                complete_answer(world, message.turn, Some(Unanswered::Cancelled));
            }
        }
        world.chats.answers_due.remove(&(chat, agent.clone()));
    }
}
