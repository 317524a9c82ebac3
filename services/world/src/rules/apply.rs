//! What each event changes. It can't fail: what is in the log has happened.

use contract::fact::{ActionRequested, MessagePosted};
use contract::invocation::ChatMessage;
use contract::{ChatId, EntityId, EntityKind, Event, Fact, InvocationId, MessageId, Timestamp};

use super::state::{ChatState, Due, Open, TAIL_MESSAGES_MAX, Timer, Turn, World};

pub(super) fn apply(world: &mut World, event: &Event, fact: Option<&Fact>, at: Timestamp) {
    // A custom event changes nothing by itself.
    let Some(fact) = fact else { return };
    match fact {
        Fact::WorldCreated(description) => {
            // Whatever a late snapshot says of an earlier world of this id is not of this one.
            *world = World::new(world.id.clone());
            world.description = Some(description.clone());
        }
        Fact::WorldUpdated(description) => world.description = Some(description.clone()),
        Fact::WorldDeleted(_) => delete_world(world),
        Fact::EntityCreated(entity) | Fact::EntityUpdated(entity) => {
            world.entities.insert(entity.id.clone(), entity.clone());
        }
        Fact::EntityRemoved(removed) => remove_entity(world, &removed.entity),
        Fact::ChatCreated(chat) => {
            let state = ChatState {
                chat: chat.clone(),
                tail: Default::default(),
                answering: Default::default(),
            };
            world.chats.insert(chat.id.clone(), state);
        }
        Fact::ChatUpdated(chat) => {
            if let Some(state) = world.chats.get_mut(&chat.id) {
                state.chat = chat.clone();
            }
        }
        Fact::ChatDeleted(deleted) => {
            stop_waiting(world, &deleted.chat);
            world.chats.remove(&deleted.chat);
        }
        Fact::ChatStopped(stopped) => stop_waiting(world, &stopped.chat),
        Fact::TurnEnded(ended) => {
            world.turns.remove(&ended.turn);
            world.turns_over.remove(&ended.turn);
        }
        Fact::MessagePosted(posted) => post(world, event, posted, at),
        Fact::ActionRequested(requested) => request(world, event, requested),
        Fact::ActionCompleted(ended) => end_invocation(world, ended.invocation),
        Fact::ActionFailed(ended) => end_invocation(world, ended.invocation),
        Fact::ActionCancelled(ended) => end_invocation(world, ended.invocation),
        Fact::TimerSet(set) => {
            remove_timer(world, &set.timer);
            world.due.insert((set.due, Due::Timer(set.timer.clone())));
            let timer = Timer {
                due: set.due,
                owner: event.sender.clone(),
                event: set.event.clone(),
            };
            world.timers.insert(set.timer.clone(), timer);
        }
        Fact::TimerFired(fired) => remove_timer(world, &fired.timer),
        Fact::TimerCancelled(cancelled) => remove_timer(world, &cancelled.timer),
    }
}

/// Only that it was deleted is remembered, and the commands, so that a repeat gets its answer.
fn delete_world(world: &mut World) {
    let memory = std::mem::take(&mut world.memory);
    let description = world.description.take();
    *world = World {
        seq: world.seq,
        at: world.at,
        description,
        deleted: true,
        memory,
        ..World::new(world.id.clone())
    };
}

fn remove_entity(world: &mut World, entity: &EntityId) {
    world.entities.remove(entity);
    let chats: Vec<ChatId> = world.chats.keys().cloned().collect();
    for chat in chats {
        let answering = world
            .chats
            .get_mut(&chat)
            .and_then(|state| state.answering.remove(entity));
        for message in answering
            .into_iter()
            .flat_map(|answering| answering.waiting)
        {
            close_one(world, message.turn);
        }
        world.ready.remove(&(chat, entity.clone()));
    }
}

fn stop_waiting(world: &mut World, chat: &ChatId) {
    let Some(state) = world.chats.get_mut(chat) else {
        return;
    };
    let waiting: Vec<ChatMessage> = state
        .answering
        .values_mut()
        .flat_map(|answering| std::mem::take(&mut answering.waiting))
        .collect();
    state
        .answering
        .retain(|_, answering| answering.current.is_some());
    world.ready.retain(|(ready, _)| ready != chat);
    for message in waiting {
        close_one(world, message.turn);
    }
}

fn post(world: &mut World, event: &Event, posted: &MessagePosted, at: Timestamp) {
    let from_agent = world
        .entities
        .get(&event.sender)
        .is_some_and(|entity| entity.kind == EntityKind::Agent);
    let message = ChatMessage {
        id: event.id.message(),
        sender: event.sender.clone(),
        from_agent,
        text: posted.text.clone(),
        at,
        turn: posted.turn,
        in_reply_to: posted.in_reply_to,
    };
    let Some(chat) = &event.chat else { return };
    let Some(state) = world.chats.get_mut(chat) else {
        return;
    };
    let answers = u32::try_from(posted.answerers.len()).unwrap_or(u32::MAX);
    let begins = message.turn == message.id;
    let turn = world.turns.entry(message.turn).or_insert_with(|| Turn {
        chat: chat.clone(),
        open: 0,
        relayed: 0,
    });
    turn.open += answers;
    if from_agent && !begins {
        turn.relayed += answers;
    }
    if turn.open == 0 {
        world.turns_over.insert(message.turn, chat.clone());
    }
    for agent in &posted.answerers {
        let answering = state.answering.entry(agent.clone()).or_default();
        answering.waiting.push_back(message.clone());
        if answering.current.is_none() {
            world.ready.insert((chat.clone(), agent.clone()));
        }
        world.turns_over.remove(&message.turn);
    }
    state.tail.push_back(message);
    if state.tail.len() > TAIL_MESSAGES_MAX {
        state.tail.pop_front();
    }
}

fn request(world: &mut World, event: &Event, requested: &ActionRequested) {
    let invocation = event.id.invocation();
    let mut answers = None;
    if let (Some(chat), Some(message)) = (&event.chat, requested.message) {
        answers = take_waiting(world, chat, &requested.agent, message, invocation)
            .map(|message| (chat.clone(), message));
    }
    world
        .due
        .insert((requested.deadline, Due::Deadline(invocation)));
    let open = Open {
        action: requested.action.clone(),
        agent: requested.agent.clone(),
        deadline: requested.deadline,
        arguments: requested.arguments.clone(),
        answers,
    };
    world.invocations.insert(invocation, open);
}

fn take_waiting(
    world: &mut World,
    chat: &ChatId,
    agent: &EntityId,
    message: MessageId,
    invocation: InvocationId,
) -> Option<ChatMessage> {
    world.ready.remove(&(chat.clone(), agent.clone()));
    let answering = world.chats.get_mut(chat)?.answering.get_mut(agent)?;
    answering.current = Some(invocation);
    let place = answering
        .waiting
        .iter()
        .position(|waiting| waiting.id == message)?;
    answering.waiting.remove(place)
}

fn end_invocation(world: &mut World, invocation: InvocationId) {
    let Some(open) = world.invocations.remove(&invocation) else {
        return;
    };
    world
        .due
        .remove(&(open.deadline, Due::Deadline(invocation)));
    let Some((chat, message)) = open.answers else {
        return;
    };
    if let Some(state) = world.chats.get_mut(&chat)
        && let Some(answering) = state.answering.get_mut(&open.agent)
        && answering.current == Some(invocation)
    {
        answering.current = None;
        if answering.waiting.is_empty() {
            state.answering.remove(&open.agent);
        } else {
            world.ready.insert((chat, open.agent));
        }
    }
    close_one(world, message.turn);
}

/// One of a turn's answers is no longer awaited.
fn close_one(world: &mut World, turn_id: MessageId) {
    let Some(turn) = world.turns.get_mut(&turn_id) else {
        return;
    };
    turn.open = turn.open.saturating_sub(1);
    if turn.open == 0 {
        world.turns_over.insert(turn_id, turn.chat.clone());
    }
}

fn remove_timer(world: &mut World, id: &contract::TimerId) {
    if let Some(timer) = world.timers.remove(id) {
        world.due.remove(&(timer.due, Due::Timer(id.clone())));
    }
}
