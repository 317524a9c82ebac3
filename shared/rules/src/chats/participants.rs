//! Chats by their ids, and the agents that take part in them.

use contract::{Brain, Chat, ChatId, Entity, EntityKind, Rejection, RejectionCode};

use super::state::ChatState;
use crate::rejection::reject;
use crate::world::World;

/// The chat of an id that stands at `field`.
pub(crate) fn require_chat<'a>(
    world: &'a World,
    id: &ChatId,
    field: &str,
) -> Result<&'a ChatState, Rejection> {
    world.chats.get(id).ok_or_else(|| {
        let detail = format!("there is no chat {id} in the world {}", world.id);
        reject(RejectionCode::UnknownChat, detail, Some(field.to_owned()))
    })
}

/// The agents that take part in a chat.
pub(super) fn agents_of<'a>(world: &'a World, chat: &'a Chat) -> impl Iterator<Item = &'a Entity> {
    world.entities.iter().filter(|entity| {
        entity.kind == EntityKind::Agent
            && (chat.agents.is_empty() || chat.agents.contains(&entity.id))
    })
}

/// Those of them that are asked to answer there: an agent whose client thinks posts when it likes.
pub(crate) fn answerers_of<'a>(
    world: &'a World,
    chat: &'a Chat,
) -> impl Iterator<Item = &'a Entity> {
    agents_of(world, chat).filter(|entity| {
        let brain = entity.agent.as_ref().map(|agent| &agent.brain);
        !matches!(brain, Some(Brain::Client {}))
    })
}
