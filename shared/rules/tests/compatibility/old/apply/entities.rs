//! What the events of entities change.

use contract::ability::{EntityPatch, EventTypeVersion};
use contract::{Entity, EntityId};

use crate::old::change;
use crate::old::event_types::Version;
use crate::old::state::World;

/// Puts an entity in its place, and notes what its abilities listen to.
pub(super) fn put(world: &mut World, entity: Entity) {
    unlisten(world, &entity.id);
    for ability in &entity.abilities {
        let trigger = ability.trigger.to_string();
        let listeners = world.listeners.entry(trigger).or_default();
        listeners.insert(entity.id.clone());
    }
    world.entities.insert(entity.id.clone(), entity);
}

/// Nobody knows the entity any more; what it held, nobody holds.
pub(super) fn forget(world: &mut World, id: &EntityId) {
    unlisten(world, id);
    world.entities.remove(id);
    for held in world.entities.values_mut() {
        if held.held_by.as_ref() == Some(id) {
            held.held_by = None;
            held.revision += 1;
        }
    }
}

fn unlisten(world: &mut World, id: &EntityId) {
    let abilities = world.entities.get(id).map(|entity| &entity.abilities);
    for ability in abilities.into_iter().flatten() {
        let trigger = ability.trigger.to_string();
        if let Some(listeners) = world.listeners.get_mut(&trigger) {
            listeners.remove(id);
            if listeners.is_empty() {
                world.listeners.remove(&trigger);
            }
        }
    }
}

pub(super) fn change(world: &mut World, change: &EntityPatch) {
    if let Some(entity) = world.entities.get_mut(change.entity()) {
        // It was tried before it entered the log.
        let _ = change::make(entity, change);
    }
}

pub(super) fn register(world: &mut World, registered: &EventTypeVersion) {
    let event_type = registered.event_type.clone();
    let versions = world.event_types.entry(event_type).or_default();
    let version = Version::new(registered);
    match versions
        .iter_mut()
        .find(|known| known.version == version.version)
    {
        Some(known) => *known = version,
        None => versions.push(version),
    }
}
