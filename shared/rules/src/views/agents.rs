//! Agents, with what they remember.

use std::borrow::Cow;

use contract::view::{AgentView, MemoryMessage};
use contract::{Entity, EntityId, EntityKind};

use crate::chats::memory_of;
use crate::world::World;

pub(super) fn agent<'a>(world: &'a World, id: &EntityId) -> Option<AgentView<'a>> {
    let entity = world.entities.get(id)?;
    is_agent(&entity).then(|| agent_view(world, entity))
}

/// All agents, by id.
pub(super) fn agents(world: &World) -> Vec<AgentView<'_>> {
    let agents = world.entities.iter().filter(is_agent);
    agents.map(|agent| agent_view(world, agent)).collect()
}

fn is_agent(entity: &&Entity) -> bool {
    entity.kind == EntityKind::Agent
}

fn agent_view<'a>(world: &'a World, entity: &'a Entity) -> AgentView<'a> {
    let memory = memory_of(world, &entity.id).into_iter();
    let memory = memory.map(|(chat, message)| MemoryMessage {
        chat: Cow::Borrowed(chat),
        message: Cow::Borrowed(message),
    });
    let calls = world.chats.model_requests().get(&entity.id);
    AgentView {
        entity: Cow::Borrowed(entity),
        calls: calls.copied().unwrap_or_default(),
        memory_cleared_at: world.chats.forgotten().get(&entity.id).copied(),
        memory: memory.collect(),
    }
}
