//! Entities by their ids.

use contract::{AgentConfig, Entity, EntityId, EntityKind, Rejection, RejectionCode};

use crate::rejection::reject;
use crate::world::World;

/// The entity of an id that stands at `field`.
pub(crate) fn require_entity<'a>(
    world: &'a World,
    id: &EntityId,
    field: &str,
) -> Result<&'a Entity, Rejection> {
    world.entities.get(id).ok_or_else(|| {
        let detail = format!("there is no entity {id} in the world {}", world.id);
        reject(RejectionCode::UnknownEntity, detail, Some(field.to_owned()))
    })
}

/// How an entity thinks and answers, if it is an agent.
pub(crate) fn agent_config<'a>(world: &'a World, id: &EntityId) -> Option<&'a AgentConfig> {
    world.entities.get(id)?.agent.as_ref()
}

pub(crate) fn is_agent(world: &World, id: &EntityId) -> bool {
    let entity = world.entities.get(id);
    entity.is_some_and(|entity| entity.kind == EntityKind::Agent)
}
