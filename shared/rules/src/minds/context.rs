//! What workers, people and programs get of a mind.

use contract::ability::AbilityKey;
use contract::mind::{MindContext, MindView, ThinkTask};
use contract::{EntityId, Rejection, RejectionCode};

use super::config::mind_config;
use super::mind::Mind;
use crate::abilities::find;
use crate::entities::require_entity;
use crate::rejection::reject;
use crate::world::World;

/// What a worker gets that thinks for an agent.
pub(crate) fn mind_context(
    world: &World,
    agent: &EntityId,
    task: ThinkTask,
) -> Option<Box<MindContext>> {
    let mind = world.minds.by_agent.get(agent)?;
    let config = mind_config(world, agent)?;
    let description = world.description.as_ref()?;
    let memory = match task {
        ThinkTask::Decide => mind.memory().cloned().collect(),
        ThinkTask::Summarise => mind.surplus(config.memory).cloned().collect(),
    };
    Some(Box::new(MindContext {
        thinking: task,
        world_name: description.name.clone(),
        world_description: description.description.clone(),
        cause: mind.cause().cloned(),
        step: mind.deciding().map_or(0, |(_, step)| step),
        plan: mind.plan().to_vec(),
        thoughts: mind.thoughts().clone(),
        summary: mind.summary().to_owned(),
        memory,
        next: next_in_chain(world, agent).cloned(),
    }))
}

/// What an agent must do now by one of its chains, if it still can.
pub(super) fn next_in_chain<'a>(world: &'a World, agent: &EntityId) -> Option<&'a AbilityKey> {
    let key = world.minds.by_agent.get(agent)?.next()?;
    find(world, agent, &key.entity, &key.ability).map(|_| key)
}

/// What an agent has in mind, if it has a mind.
pub(crate) fn mind_of(world: &World, agent: &EntityId) -> Option<MindView> {
    world.minds.by_agent.get(agent).map(Mind::view)
}

/// What an agent has in mind.
pub(crate) fn mind_view(world: &World, agent: &EntityId) -> Result<MindView, Rejection> {
    require_entity(world, agent, "agent")?;
    mind_of(world, agent).ok_or_else(|| {
        let detail = format!("{agent} has no mind: it only answers");
        reject(
            RejectionCode::UnknownEntity,
            detail,
            Some("agent".to_owned()),
        )
    })
}
