//! What each event changes. It can't fail: what is in the log has happened.

mod entities;
mod minds;
mod talk;
mod tools;

use contract::chat::ChatMessage;
use contract::fact::{ActionCompleted, ActionRequested};
use contract::{ChatId, EntityId, Event, Fact, MessageId, RunId, Timestamp};

use self::talk::{close_one, create_chat, post, remove_messages, stop_waiting};
pub(super) use self::tools::server_of;
use super::state::{Due, Open, Timer, World};
use super::titles::TITLE;

pub(super) fn apply(world: &mut World, event: &Event, fact: Option<&Fact>, at: Timestamp) {
    // A custom event changes nothing by itself; who hears it may.
    let Some(fact) = fact else {
        return minds::hear(world, event, at);
    };
    match fact {
        Fact::WorldCreated(description) => {
            // Whatever a late snapshot says of an earlier world of this id is not of this one.
            *world = World::new(world.id.clone());
            world.description = Some(description.clone());
            world.created_at = at;
        }
        Fact::WorldUpdated(description) => world.description = Some(description.clone()),
        Fact::WorldDeleted(_) => delete_world(world),
        Fact::EntityCreated(entity) | Fact::EntityUpdated(entity) => {
            entities::put(world, entity.clone());
            minds::put(world, &entity.id);
        }
        Fact::EntityChanged(changed) => entities::change(world, &changed.change),
        Fact::EventTypeRegistered(registered) => entities::register(world, registered),
        Fact::EntityRemoved(removed) => remove_entity(world, &removed.entity),
        Fact::ChatCreated(chat) => create_chat(world, chat, at),
        Fact::ChatOpened(opened) => world.current_chat = Some(opened.chat.clone()),
        Fact::ChatUpdated(chat) => {
            if let Some(state) = world.chats.get_mut(&chat.id) {
                state.chat = chat.clone();
            }
        }
        Fact::ChatDeleted(deleted) => {
            stop_waiting(world, &deleted.chat);
            world.chats.remove(&deleted.chat);
            world.current_chat.take_if(|chat| *chat == deleted.chat);
        }
        Fact::ChatStopped(stopped) => stop_waiting(world, &stopped.chat),
        Fact::TurnEnded(ended) => {
            world.turns.remove(&ended.turn);
            world.turns_over.remove(&ended.turn);
        }
        Fact::MessagePosted(posted) => post(world, event, posted, at),
        Fact::MessageRemoved(removed) => remove_messages(world, event, removed.message),
        Fact::AgentForgot(forgot) => {
            world.calls.remove(&forgot.agent);
            world.limited.remove(&forgot.agent);
            world.forgotten.insert(forgot.agent.clone(), at);
            minds::forget(world, &forgot.agent);
        }
        Fact::AgentThought(thought) => minds::think(world, event, thought),
        Fact::AgentSummarised(summed) => minds::sum_up(world, event, summed),
        Fact::ActionRequested(_)
        | Fact::ActionCompleted(_)
        | Fact::ActionFailed(_)
        | Fact::ActionCancelled(_)
        | Fact::ApprovalRequested(_)
        | Fact::ApprovalEnded(_) => apply_run(world, event, fact, at),
        Fact::TimerSet(set) => {
            remove_timer(world, &set.timer);
            world.due.insert((set.due, Due::Timer(set.timer.clone())));
            let timer = Timer {
                due: set.due,
                owner: event.sender.clone(),
                repeat: set.repeat.clone(),
                event: set.event.clone(),
                message: set.message.clone(),
            };
            world.timers.insert(set.timer.clone(), timer);
        }
        Fact::TimerFired(fired) => {
            remove_timer(world, &fired.timer);
            minds::refresh(world, &event.sender);
        }
        Fact::TimerCancelled(cancelled) => remove_timer(world, &cancelled.timer),
    }
}

fn apply_run(world: &mut World, event: &Event, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::ActionRequested(requested) => request(world, event, requested),
        Fact::ActionCompleted(ended) => {
            end_invocation(world, ended.invocation, event, Ended::Well(ended), at);
        }
        Fact::ActionFailed(ended) => {
            end_invocation(
                world,
                ended.invocation,
                event,
                Ended::Badly(&ended.reason),
                at,
            );
        }
        Fact::ActionCancelled(ended) => {
            let reason = "it was called off";
            end_invocation(world, ended.invocation, event, Ended::Badly(reason), at);
        }
        Fact::ApprovalRequested(requested) => tools::ask(world, event, requested, at),
        Fact::ApprovalEnded(ended) => tools::end_approval(world, ended),
        _ => {}
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
    entities::forget(world, entity);
    world.calls.remove(entity);
    world.limited.remove(entity);
    world.forgotten.remove(entity);
    world.minds.remove(entity);
    world.stirred.remove(entity);
    let runs = world.invocations.iter();
    let runs = runs.filter(|(_, open)| open.agent == *entity);
    world.abandoned.extend(runs.map(|(run, _)| *run));
    let chats: Vec<ChatId> = world.chats.keys().cloned().collect();
    for chat in chats {
        let answering = world
            .chats
            .get_mut(&chat)
            .and_then(|state| state.answering.remove(entity));
        if let Some(answering) = answering {
            let thread = answering.thread.map(|thread| thread.question);
            for message in answering.waiting.into_iter().chain(thread) {
                close_one(world, message.turn);
            }
        }
        world.ready.remove(&(chat, entity.clone()));
    }
}

fn request(world: &mut World, event: &Event, requested: &ActionRequested) {
    let invocation = event.id.invocation();
    let mut answers = None;
    if let (Some(chat), Some(message)) = (&event.chat, requested.message) {
        let question = match &requested.call {
            Some(call) => {
                let agent = requested.caller.as_ref().unwrap_or(&requested.entity);
                tools::run(world, chat, agent, call, invocation)
            }
            None => take_waiting(world, chat, &requested.entity, message, invocation),
        };
        answers = question.map(|message| (chat.clone(), message));
    }
    let titles = event
        .chat
        .clone()
        .filter(|_| requested.action.as_str() == TITLE);
    if let Some(state) = titles.as_ref().and_then(|chat| world.chats.get_mut(chat)) {
        state.title_asked = true;
    }
    world
        .due
        .insert((requested.deadline, Due::Deadline(invocation)));
    let open = Open {
        action: requested.action.clone(),
        agent: requested.entity.clone(),
        deadline: requested.deadline,
        arguments: requested.arguments.clone(),
        answers,
        call: requested.call.clone(),
        ability: requested.ability.clone(),
        caller: requested.caller.clone(),
        correlation: event.correlation,
        depth: requested.depth,
        thinking: requested.thinking,
        titles,
    };
    world.invocations.insert(invocation, open);
    minds::request(world, requested, invocation);
}

fn take_waiting(
    world: &mut World,
    chat: &ChatId,
    agent: &EntityId,
    message: MessageId,
    invocation: RunId,
) -> Option<ChatMessage> {
    world.ready.remove(&(chat.clone(), agent.clone()));
    let answering = world.chats.get_mut(chat)?.answering.get_mut(agent)?;
    answering.current = Some(invocation);
    if let Some(thread) = &answering.thread {
        return Some(thread.question.clone());
    }
    let place = answering
        .waiting
        .iter()
        .position(|waiting| waiting.id == message)?;
    answering.waiting.remove(place)
}

fn close_invocation(world: &mut World, invocation: RunId) -> Option<Open> {
    let open = world.invocations.remove(&invocation)?;
    world.abandoned.remove(&invocation);
    world
        .due
        .remove(&(open.deadline, Due::Deadline(invocation)));
    Some(open)
}

/// How a run ended.
#[derive(Clone, Copy)]
enum Ended<'a> {
    Well(&'a ActionCompleted),
    Badly(&'a str),
}

fn end_invocation(
    world: &mut World,
    invocation: RunId,
    event: &Event,
    ended: Ended<'_>,
    at: Timestamp,
) {
    let Some(open) = close_invocation(world, invocation) else {
        return;
    };
    if let Some(thinking) = open.thinking {
        let run = (invocation, &open.agent, thinking);
        return minds::thought(world, run, event, ended, at);
    }
    let Some((chat, message)) = &open.answers else {
        return minds::returned(world, (invocation, &open), event, ended, at);
    };
    if let Some(call) = &open.call {
        let result = tools::result(ended);
        return tools::settle(world, chat, open.answerer(), call, &result);
    }
    if let Ended::Well(completed) = ended
        && !completed.calls.is_empty()
    {
        return tools::take_step(world, &open, completed);
    }
    let (chat, turn) = (chat.clone(), message.turn);
    if let Some(state) = world.chats.get_mut(&chat)
        && let Some(answering) = state.answering.get_mut(&open.agent)
        && answering.current == Some(invocation)
    {
        answering.current = None;
        answering.thread = None;
        if answering.waiting.is_empty() {
            state.answering.remove(&open.agent);
        } else {
            world.ready.insert((chat, open.agent));
        }
    }
    close_one(world, turn);
}

fn remove_timer(world: &mut World, id: &contract::TimerId) {
    if let Some(timer) = world.timers.remove(id) {
        world.due.remove(&(timer.due, Due::Timer(id.clone())));
    }
}
