//! Whom and what an agent perceives.

use contract::ability::Perception;
use contract::{Entity, EntityId};

use crate::world::World;

/// Whom and what an agent perceives, itself first.
pub(crate) fn perceived<'a>(
    world: &'a World,
    agent: &'a EntityId,
) -> impl Iterator<Item = &'a Entity> {
    let perception = world
        .description
        .as_ref()
        .map_or_else(Perception::default, |description| description.perception);
    let me = world.entities.get(agent);
    let is_near = move |entity: &Entity| {
        me.is_some_and(|me| me.location.is_some() && entity.location == me.location)
    };
    let is_perceived = move |entity: &&Entity| match perception {
        Perception::All => true,
        Perception::SamePlace => {
            let holder = entity.held_by.as_ref();
            is_near(entity)
                || holder == Some(agent)
                || holder
                    .and_then(|holder| world.entities.get(holder))
                    .is_some_and(is_near)
        }
    };
    let others = world
        .entities
        .iter()
        .filter(move |other| other.id != *agent);
    me.into_iter().chain(others.filter(is_perceived))
}
