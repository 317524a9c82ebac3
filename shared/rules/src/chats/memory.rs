//! What agents remember of chats.

use contract::chat::ChatMessage;
use contract::{ChatId, EntityId};

use super::state::ChatState;
use crate::world::World;

/// The latest messages of its chats that an agent sent or that were for it, since its memory was
/// cleared, oldest first.
pub(crate) fn memory_of<'a>(
    world: &'a World,
    agent: &EntityId,
) -> Vec<(&'a ChatId, &'a ChatMessage)> {
    let is_its_own = |message: &ChatMessage| message.sender == *agent;
    let is_for_it =
        |message: &ChatMessage| !message.from_agent || message.answerers.contains(agent);
    let chats = world.chats.iter().filter(|(_, state)| {
        let participants = &state.chat().agents;
        participants.is_empty() || participants.contains(agent)
    });
    let memory = chats.flat_map(|(id, state)| {
        let messages = since_cleared(world, state, agent);
        messages.map(move |message| (id, message))
    });
    let memory = memory.filter(|(_, message)| is_its_own(message) || is_for_it(message));
    let mut memory: Vec<_> = memory.collect();
    memory.sort_by_key(|(_, message)| message.at);
    memory
}

/// The latest messages of a chat that were posted since the memory of an agent was cleared.
pub(super) fn since_cleared<'a>(
    world: &World,
    state: &'a ChatState,
    agent: &EntityId,
) -> impl Iterator<Item = &'a ChatMessage> {
    let cleared = world.chats.forgotten().get(agent).copied();
    let is_later = move |message: &&ChatMessage| cleared.is_none_or(|at| message.at > at);
    state.tail().iter().filter(is_later)
}
