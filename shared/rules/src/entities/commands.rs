//! Commands on entities.

use contract::command::EntityUpdate;
use contract::fact::{AgentForgot, EntityRemoved};
use contract::{Entity, EntityId, EntityKind, Fact, Rejection, RejectionCode};

use super::lookup::require_entity;
use crate::decider::Decider;
use crate::rejection::{invalid, reject, too_large};
use crate::world::World;

/// The most entities of a world: all of them are in its state.
const ENTITIES_MAX: usize = 100_000;

/// Checks all that an entity is; the second argument is where it stands in what was sent. What an
/// ability or a mind may be, features above this one know.
pub(crate) type CheckEntity = fn(&Entity, &str) -> Result<(), Rejection>;

pub(crate) fn create(
    world: &World,
    entity: &Entity,
    check: CheckEntity,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    check(entity, "")?;
    if world.entities.contains(&entity.id) {
        let detail = format!("there is an entity {} already", entity.id);
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some("id".to_owned()),
        ));
    }
    if world.entities.len() >= ENTITIES_MAX {
        let detail = format!("a world has at most {ENTITIES_MAX} entities");
        return Err(too_large(detail, None));
    }
    if let Some(holder) = &entity.held_by {
        require_entity(world, holder, "held_by")?;
    }
    decider.push(Fact::EntityCreated(new_entity(entity)))
}

/// An entity as it begins: how often it has changed is not its maker's to choose.
pub(crate) fn new_entity(entity: &Entity) -> Entity {
    Entity {
        revision: 0,
        ..entity.clone()
    }
}

/// An entity that is described anew: what has become of it meanwhile stays.
pub(crate) fn merge_spec(now: &Entity, spec: &Entity) -> Entity {
    Entity {
        state: now.state.clone(),
        revision: now.revision,
        held_by: now.held_by.clone(),
        location: now.location.clone(),
        ..spec.clone()
    }
}

pub(crate) fn update(
    world: &World,
    update: &EntityUpdate,
    check: CheckEntity,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let now = require_entity(world, &update.entity, "entity")?;
    let mut entity = now.clone();
    if let Some(name) = &update.name {
        entity.name.clone_from(name);
    }
    if let Some(kind) = update.kind {
        entity.kind = kind;
        entity.agent.take_if(|_| kind != EntityKind::Agent);
    }
    if let Some(agent) = &update.agent {
        entity.agent = Some(agent.clone());
    }
    if let Some(description) = &update.description {
        entity.description.clone_from(description);
    }
    if let Some(abilities) = &update.abilities {
        entity.abilities.clone_from(abilities);
    }
    if let Some(metadata) = &update.metadata {
        entity.metadata.clone_from(metadata);
    }
    check(&entity, "")?;
    if entity == *now {
        Ok(())
    } else {
        decider.push(Fact::EntityUpdated(entity))
    }
}

/// Removes an entity. What it had to do ends before, by the features that know of it.
pub(crate) fn remove(
    world: &World,
    id: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_entity(world, id, "entity")?;
    decider.push(Fact::EntityRemoved(EntityRemoved { entity: id.clone() }))
}

/// Lets an agent forget the messages so far.
pub(crate) fn forget(
    world: &World,
    agent: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let entity = require_entity(world, agent, "agent")?;
    if entity.kind != EntityKind::Agent {
        return Err(invalid("agent", format!("{agent} is not an agent")));
    }
    decider.push(Fact::AgentForgot(AgentForgot {
        agent: agent.clone(),
    }))
}
