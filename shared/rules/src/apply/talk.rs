//! What the events of a chat change.

use contract::chat::ChatMessage;
use contract::fact::MessagePosted;
use contract::{Chat, ChatId, EntityId, Event, MessageId, Timestamp};

use crate::state::{ChatState, TAIL_BYTES_MAX, TAIL_MESSAGES_MAX, Turn, World};

pub(super) fn create_chat(world: &mut World, chat: &Chat, at: Timestamp) {
    let mut state = ChatState {
        chat: chat.clone(),
        created_at: at,
        tail: Default::default(),
        message_count: 0,
        answering: Default::default(),
        title_asked: false,
    };
    if let Some(branch) = &chat.branch
        && let Some(from) = world.chats.get(&branch.chat)
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
    world.chats.insert(chat.id.clone(), state);
}

pub(super) fn post(world: &mut World, event: &Event, posted: &MessagePosted, at: Timestamp) {
    let Some(chat) = &event.chat else { return };
    if posted.notice {
        world.limited.insert(event.sender.clone());
        return;
    }
    let speaker = world.speaker(&event.sender);
    if speaker.opens_a_turn() {
        give_turns_back(world, chat);
    }
    for agent in &posted.answerers {
        *world.calls.entry(agent.clone()).or_default() += 1;
    }
    let message = ChatMessage {
        id: event.id.message(),
        sender: event.sender.clone(),
        from_agent: world.is_agent(&event.sender),
        answerers: posted.answerers.clone(),
        text: posted.text.clone(),
        at,
        turn: posted.turn,
        in_reply_to: posted.in_reply_to,
    };
    open_turn(world, chat, &message);
    let Some(state) = world.chats.get_mut(chat) else {
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

/// Everyone who hears that somebody opens a turn has all of its own again.
fn give_turns_back(world: &mut World, chat: &ChatId) {
    let Some(state) = world.chats.get(chat) else {
        return;
    };
    let agents: Vec<EntityId> = world
        .agents_of(&state.chat)
        .map(|agent| agent.id.clone())
        .collect();
    for agent in agents {
        world.calls.remove(&agent);
        world.limited.remove(&agent);
    }
}

/// Counts the answers that a message awaits, and lines them up.
fn open_turn(world: &mut World, chat: &ChatId, message: &ChatMessage) {
    let answers = u32::try_from(message.answerers.len()).unwrap_or(u32::MAX);
    let turn = world.turns.entry(message.turn).or_insert_with(|| Turn {
        chat: chat.clone(),
        open: 0,
    });
    turn.open += answers;
    if turn.open == 0 {
        world.turns_over.insert(message.turn, chat.clone());
        return;
    }
    world.turns_over.remove(&message.turn);
    let Some(state) = world.chats.get_mut(chat) else {
        return;
    };
    for agent in &message.answerers {
        let answering = state.answering.entry(agent.clone()).or_default();
        answering.waiting.push_back(message.clone());
        if !answering.is_busy() {
            world.ready.insert((chat.clone(), agent.clone()));
        }
    }
}

/// Takes a message and all that followed it out of its chat; nobody is to answer them any more.
pub(super) fn remove_messages(world: &mut World, event: &Event, first: MessageId) {
    let Some(chat) = &event.chat else { return };
    let Some(state) = world.chats.get_mut(chat) else {
        return;
    };
    let Some(place) = state.tail.iter().position(|kept| kept.id == first) else {
        return;
    };
    let gone = state.tail.split_off(place);
    state.message_count = state.message_count.saturating_sub(gone.len() as u64);
    let is_gone = |message: &ChatMessage| gone.iter().any(|other| other.id == message.id);
    let mut called_off = Vec::new();
    for (agent, answering) in &mut state.answering {
        let waiting = std::mem::take(&mut answering.waiting);
        let (dropped, kept): (Vec<_>, Vec<_>) = waiting.into_iter().partition(&is_gone);
        answering.waiting = kept.into();
        called_off.extend(dropped.into_iter().map(|message| message.turn));
        if answering.current.is_none()
            && let Some(thread) = answering.thread.take_if(|thread| is_gone(&thread.question))
        {
            called_off.push(thread.question.turn);
        }
        if !answering.is_ready() {
            world.ready.remove(&(chat.clone(), agent.clone()));
        }
    }
    state
        .answering
        .retain(|_, answering| answering.is_busy() || !answering.waiting.is_empty());
    for turn in called_off {
        close_one(world, turn);
    }
}

pub(super) fn stop_waiting(world: &mut World, chat: &ChatId) {
    let Some(state) = world.chats.get_mut(chat) else {
        return;
    };
    let waiting: Vec<ChatMessage> = state
        .answering
        .values_mut()
        .flat_map(|answering| {
            let mut waiting = std::mem::take(&mut answering.waiting);
            // What runs is called off by itself.
            if answering.current.is_none() {
                let thread = answering.thread.take();
                waiting.extend(thread.map(|thread| thread.question));
            }
            waiting
        })
        .collect();
    state
        .answering
        .retain(|_, answering| answering.current.is_some());
    world.ready.retain(|(ready, _)| ready != chat);
    for message in waiting {
        close_one(world, message.turn);
    }
}

/// One of a turn's answers is no longer awaited.
pub(super) fn close_one(world: &mut World, turn_id: MessageId) {
    let Some(turn) = world.turns.get_mut(&turn_id) else {
        return;
    };
    turn.open = turn.open.saturating_sub(1);
    if turn.open == 0 {
        world.turns_over.insert(turn_id, turn.chat.clone());
    }
}
