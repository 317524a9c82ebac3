//! Commands on chats.

use contract::chat::{Branch, TitleSource};
use contract::fact::{ChatDeleted, ChatOpened, ChatStopped};
use contract::{Chat, ChatId, EntityId, Fact, MessageId, Purpose, Rejection, RejectionCode};

use super::check::check_chat_spec;
use super::loops::cancel_loop;
use super::participants::require_chat;
use super::state::ChatState;
use super::titles::NEW_CHAT;
use crate::decider::{Decider, EventHeader};
use crate::rejection::{reject, too_large};
use crate::runs::push_cancelled;
use crate::tools::LoopOwner;
use crate::world::World;

/// The most chats of a world: the end of each is in its state.
const CHATS_MAX: usize = 100_000;

pub(crate) fn create(
    world: &World,
    chat: &Chat,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    check_chat_spec(chat, |id| world.entities.get(id), "")?;
    check_new(world, &chat.id, "id")?;
    decider.push_with(
        Fact::ChatCreated(new_chat(chat)),
        EventHeader::of_chat(&chat.id),
    )
}

/// Opens the first chat that nobody has used yet, or else `chat`, which begins then.
pub(crate) fn open_new(
    world: &World,
    chat: &Chat,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let is_unused =
        |state: &&ChatState| state.chat.titled == TitleSource::Default && state.message_count == 0;
    if let Some(unused) = world.chats.by_id.values().find(is_unused) {
        return open(world, &unused.chat.id, decider);
    }
    create(world, chat, decider)?;
    push_opened(&chat.id, decider)
}

/// Makes a chat the one that people see first.
pub(crate) fn open(world: &World, id: &ChatId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    require_chat(world, id, "chat")?;
    if world.chats.current() == Some(id) {
        return Ok(());
    }
    push_opened(id, decider)
}

fn push_opened(id: &ChatId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    decider.push_with(
        Fact::ChatOpened(ChatOpened { chat: id.clone() }),
        EventHeader::of_chat(id),
    )
}

/// Begins a chat with the messages of another, up to `message`.
pub(crate) fn branch(
    world: &World,
    from: &ChatId,
    message: MessageId,
    new: &ChatId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let state = require_chat(world, from, "chat")?;
    if !state.tail.iter().any(|kept| kept.id == message) {
        let detail = format!("the chat {from} has no message {message}, or keeps it no more");
        let field = Some("message".to_owned());
        return Err(reject(RejectionCode::UnknownMessage, detail, field));
    }
    check_new(world, new, "new")?;
    let chat = Chat {
        id: new.clone(),
        branch: Some(Branch {
            chat: from.clone(),
            message,
        }),
        ..state.chat.clone()
    };
    decider.push_with(Fact::ChatCreated(chat), EventHeader::of_chat(new))?;
    push_opened(new, decider)
}

/// A chat as it begins: the source of its title is not its maker's to choose.
pub(crate) fn new_chat(chat: &Chat) -> Chat {
    Chat {
        titled: titled_by_a_person(&chat.title),
        branch: None,
        ..chat.clone()
    }
}

/// A chat with another title, which a person gave it, and other agents.
pub(crate) fn merge_chat(
    now: &Chat,
    title: Option<&String>,
    agents: Option<&Vec<EntityId>>,
) -> Chat {
    Chat {
        titled: title.map_or(now.titled, |title| titled_by_a_person(title)),
        title: title.unwrap_or(&now.title).clone(),
        agents: agents.unwrap_or(&now.agents).clone(),
        ..now.clone()
    }
}

/// No title, and the one that every chat begins with, have no content.
fn titled_by_a_person(title: &str) -> TitleSource {
    if title.trim().is_empty() || title.trim() == NEW_CHAT {
        TitleSource::Default
    } else {
        TitleSource::Manual
    }
}

fn check_new(world: &World, id: &ChatId, field: &str) -> Result<(), Rejection> {
    if world.chats.by_id.contains_key(id) {
        let detail = format!("there is a chat {} already", id);
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some(field.to_owned()),
        ));
    }
    if world.chats.by_id.len() >= CHATS_MAX {
        let detail = format!("a world has at most {CHATS_MAX} chats");
        return Err(too_large(detail, None));
    }
    Ok(())
}

pub(crate) fn update(
    world: &World,
    id: &ChatId,
    title: Option<&String>,
    agents: Option<&Vec<EntityId>>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let now = &require_chat(world, id, "chat")?.chat;
    let chat = merge_chat(now, title, agents);
    // What stays may name who has left.
    let given = Chat {
        title: title.cloned().unwrap_or_default(),
        agents: agents.cloned().unwrap_or_default(),
        ..now.clone()
    };
    check_chat_spec(&given, |id| world.entities.get(id), "")?;
    if chat == *now {
        return Ok(());
    }
    decider.push_with(Fact::ChatUpdated(chat), EventHeader::of_chat(id))
}

/// Ends a chat. If people see it first, they see the one next that was used last, or else `replacement`.
pub(crate) fn delete(
    world: &World,
    id: &ChatId,
    replacement: Option<&Chat>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    cancel_all(world, id, decider)?;
    for (run, open) in world.runs.iter() {
        if matches!(&open.purpose, Purpose::Title { chat } if chat == id) {
            push_cancelled(run, open, decider)?;
        }
    }
    let deleted = ChatDeleted { chat: id.clone() };
    decider.push_with(Fact::ChatDeleted(deleted), EventHeader::of_chat(id))?;
    let is_open = world.chats.current() == Some(id);
    let Some(replacement) = replacement.filter(|_| is_open) else {
        return Ok(());
    };
    let others = world
        .chats
        .by_id
        .values()
        .filter(|state| state.chat.id != *id);
    let last_used = others.max_by_key(|state| (state.last_used(), state.created_at));
    match last_used {
        Some(state) => push_opened(&state.chat.id, decider),
        None => {
            create(world, replacement, decider)?;
            push_opened(&replacement.id, decider)
        }
    }
}

pub(crate) fn stop(world: &World, id: &ChatId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    if require_chat(world, id, "chat")?.queues.is_empty() {
        return Ok(());
    }
    decider.push_with(
        Fact::ChatStopped(ChatStopped { chat: id.clone() }),
        EventHeader::of_chat(id),
    )?;
    cancel_all(world, id, decider)
}

/// Cancels what runs, and what waits for a person, on the way to the answers of a chat.
fn cancel_all(world: &World, id: &ChatId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let chat = require_chat(world, id, "chat")?;
    for id in chat.queues.values().filter_map(|queue| queue.run()) {
        if let Some(run) = world.runs.get(id) {
            push_cancelled(id, run, decider)?;
        }
    }
    for agent in chat.queues.keys() {
        let owner = LoopOwner {
            chat: id.clone(),
            agent: agent.clone(),
        };
        cancel_loop(world, &owner, decider)?;
    }
    Ok(())
}
