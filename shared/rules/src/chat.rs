//! Chats: begun, changed, stopped and ended.

use contract::chat::{Branch, TitleSource};
use contract::fact::{ChatDeleted, ChatOpened, ChatStopped};
use contract::{
    Chat, ChatId, Entity, EntityId, EntityKind, Fact, MessageId, Rejection, RejectionCode,
};

use super::state::{ChatState, World};
use super::talk::title::NEW_CHAT;
use super::{About, Decision, invalid, invocation, reject, tools, within};

const TITLE_BYTES_MAX: usize = 1024;
/// Agents that a chat may name: each of its events tells all of them.
const AGENTS_MAX: usize = 1000;
/// The most chats of a world: the end of each is in its state.
const CHATS_MAX: usize = 100_000;

pub(super) fn create(
    world: &World,
    chat: &Chat,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    check(chat, |id| world.entities.get(id), "")?;
    check_new(world, &chat.id, "id")?;
    decision.push_about(Fact::ChatCreated(begun(chat)), about(&chat.id))
}

/// Opens the first chat that nobody has used yet, or else `chat`, which begins then.
pub(super) fn open_new(
    world: &World,
    chat: &Chat,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let is_unused =
        |state: &&ChatState| state.chat.titled == TitleSource::Default && state.message_count == 0;
    if let Some(unused) = world.chats.values().find(is_unused) {
        return open(world, &unused.chat.id, decision);
    }
    create(world, chat, decision)?;
    push_opened(&chat.id, decision)
}

/// Makes a chat the one that people see first.
pub(super) fn open(
    world: &World,
    id: &ChatId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    world.check_chat(id, "chat")?;
    if world.current_chat.as_ref() == Some(id) {
        return Ok(());
    }
    push_opened(id, decision)
}

fn push_opened(id: &ChatId, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    decision.push_about(Fact::ChatOpened(ChatOpened { chat: id.clone() }), about(id))
}

/// Begins a chat with what was said in another, up to `message`.
pub(super) fn branch(
    world: &World,
    from: &ChatId,
    message: MessageId,
    new: &ChatId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let state = world.check_chat(from, "chat")?;
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
    decision.push_about(Fact::ChatCreated(chat), about(new))?;
    push_opened(new, decision)
}

/// A chat as it begins: where its title comes from is not its maker's to say.
pub(super) fn begun(chat: &Chat) -> Chat {
    Chat {
        titled: titled_by_a_person(&chat.title),
        branch: None,
        ..chat.clone()
    }
}

/// A chat with another title, which a person gave it, and other agents.
pub(super) fn changed(now: &Chat, title: Option<&String>, agents: Option<&Vec<EntityId>>) -> Chat {
    Chat {
        titled: title.map_or(now.titled, |title| titled_by_a_person(title)),
        title: title.unwrap_or(&now.title).clone(),
        agents: agents.unwrap_or(&now.agents).clone(),
        ..now.clone()
    }
}

/// No title, and the one that every chat begins with, say nothing.
fn titled_by_a_person(title: &str) -> TitleSource {
    if title.trim().is_empty() || title.trim() == NEW_CHAT {
        TitleSource::Default
    } else {
        TitleSource::Manual
    }
}

fn check_new(world: &World, id: &ChatId, field: &str) -> Result<(), Rejection> {
    if world.chats.contains_key(id) {
        let detail = format!("there is a chat {} already", id);
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some(field.to_owned()),
        ));
    }
    if world.chats.len() >= CHATS_MAX {
        let detail = format!("a world has at most {CHATS_MAX} chats");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    Ok(())
}

pub(super) fn update(
    world: &World,
    id: &ChatId,
    title: Option<&String>,
    agents: Option<&Vec<EntityId>>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let now = &world.check_chat(id, "chat")?.chat;
    let chat = changed(now, title, agents);
    // What stays may name who has left.
    let given = Chat {
        title: title.cloned().unwrap_or_default(),
        agents: agents.cloned().unwrap_or_default(),
        ..now.clone()
    };
    check(&given, |id| world.entities.get(id), "")?;
    if chat == *now {
        return Ok(());
    }
    decision.push_about(Fact::ChatUpdated(chat), about(id))
}

pub(super) fn delete(
    world: &World,
    id: &ChatId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    cancel_all(world, id, decision)?;
    for (invocation, open) in &world.invocations {
        if open.titles.as_ref() == Some(id) {
            invocation::push_cancelled(*invocation, open, decision)?;
        }
    }
    decision.push_about(
        Fact::ChatDeleted(ChatDeleted { chat: id.clone() }),
        about(id),
    )
}

pub(super) fn stop(
    world: &World,
    id: &ChatId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if world.check_chat(id, "chat")?.answering.is_empty() {
        return Ok(());
    }
    decision.push_about(
        Fact::ChatStopped(ChatStopped { chat: id.clone() }),
        about(id),
    )?;
    cancel_all(world, id, decision)
}

/// Checks a chat; `find` finds the entities that it may name.
pub(super) fn check<'a>(
    chat: &Chat,
    find: impl Fn(&EntityId) -> Option<&'a Entity>,
    field: &str,
) -> Result<(), Rejection> {
    let at = |name: &str| within(field, name);
    World::check_text(&chat.title, TITLE_BYTES_MAX, &at("title"))?;
    if chat.agents.len() > AGENTS_MAX {
        let detail = format!("a chat names at most {AGENTS_MAX} agents: none means all");
        return Err(reject(RejectionCode::TooLarge, detail, Some(at("agents"))));
    }
    for (index, agent) in chat.agents.iter().enumerate() {
        let field = at(&format!("agents[{index}]"));
        match find(agent) {
            Some(entity) if entity.kind == EntityKind::Agent => {}
            Some(_) => return Err(invalid(field, format!("{agent} is not an agent"))),
            None => {
                let detail = format!("there is no entity {agent}");
                return Err(reject(RejectionCode::UnknownEntity, detail, Some(field)));
            }
        }
    }
    Ok(())
}

fn cancel_all(world: &World, id: &ChatId, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let chat = world.check_chat(id, "chat")?;
    for current in chat
        .answering
        .values()
        .filter_map(|answering| answering.current)
    {
        if let Some(open) = world.invocations.get(&current) {
            invocation::push_cancelled(current, open, decision)?;
        }
    }
    for answering in chat.answering.values() {
        tools::call_off(world, answering, decision)?;
    }
    Ok(())
}

fn about(chat: &ChatId) -> About {
    About {
        chat: Some(chat.clone()),
        ..About::default()
    }
}
