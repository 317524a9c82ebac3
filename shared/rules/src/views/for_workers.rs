//! What workers read of a world.

use contract::ability::AvailableAbility;
use contract::mind::MindView;
use contract::{Entity, EntityId, Rejection};

use crate::entities::require_entity;
use crate::world::World;
use crate::worlds::require_world;
use crate::{abilities, minds};

/// The abilities that an agent may use, and whom and what it perceives.
///
/// # Errors
/// When there is no such entity.
pub fn available_abilities(
    world: &World,
    agent: &EntityId,
) -> Result<(Vec<AvailableAbility>, Vec<Entity>), Rejection> {
    require_world(world)?;
    require_entity(world, agent, "agent")?;
    Ok((
        abilities::available(world, agent),
        abilities::perceived_by(world, agent),
    ))
}

/// What an agent has in mind.
///
/// # Errors
/// When there is no such agent, or it has no mind.
pub fn mind_view(world: &World, agent: &EntityId) -> Result<MindView, Rejection> {
    require_world(world)?;
    minds::mind_view(world, agent)
}
