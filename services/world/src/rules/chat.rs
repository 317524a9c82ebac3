//! Chats: begun, changed, stopped and ended.

use contract::fact::{ChatDeleted, ChatStopped};
use contract::{Chat, ChatId, Entity, EntityId, EntityKind, Fact, Rejection, RejectionCode};

use super::state::World;
use super::{About, Decision, invalid, invocation, reject};

const TITLE_BYTES_MAX: usize = 1024;
/// The most chats of a world: the end of each is in its state.
const CHATS_MAX: usize = 100_000;

pub(super) fn create(
    world: &World,
    chat: &Chat,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    check(chat, |id| world.entities.get(id), "")?;
    if world.chats.contains_key(&chat.id) {
        let detail = format!("there is a chat {} already", chat.id);
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some("id".to_owned()),
        ));
    }
    if world.chats.len() >= CHATS_MAX {
        let detail = format!("a world has at most {CHATS_MAX} chats");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    decision.push_about(Fact::ChatCreated(chat.clone()), about(&chat.id))
}

pub(super) fn update(
    world: &World,
    id: &ChatId,
    title: Option<&String>,
    agents: Option<&Vec<EntityId>>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let now = &world.check_chat(id, "chat")?.chat;
    let chat = Chat {
        id: id.clone(),
        title: title.unwrap_or(&now.title).clone(),
        agents: agents.unwrap_or(&now.agents).clone(),
    };
    check(&chat, |id| world.entities.get(id), "")?;
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
    let at = |name: &str| {
        if field.is_empty() {
            name.to_owned()
        } else {
            format!("{field}.{name}")
        }
    };
    World::check_text(&chat.title, TITLE_BYTES_MAX, &at("title"))?;
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
    Ok(())
}

fn about(chat: &ChatId) -> About {
    About {
        chat: Some(chat.clone()),
        ..About::default()
    }
}
