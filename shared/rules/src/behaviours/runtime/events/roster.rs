//! Entities that come, change, and leave.

use contract::{EntityId, Timestamp};

use super::notice::{look_again, note_change};
use super::remove::remove_behaviour;
use crate::behaviours::catalogue::Reads;
use crate::world::World;

/// An entity came, or is another one now.
pub(super) fn changed(world: &mut World) {
    for entity in world.behaviours.readers.roster() {
        note_change(world, &entity, Reads::Roster);
        world.behaviours.set_pending(&entity);
    }
}

/// An entity has left: nobody knows it any more.
pub(super) fn left(world: &mut World, left: &EntityId, at: Timestamp) {
    remove_behaviour(world, left);
    world.behaviours.memories.remove(left);
    world.behaviours.readers.remove(left);
    let knows = |entity: &EntityId| {
        let memory = world.behaviours.memory(entity);
        memory.is_some_and(|memory| {
            memory.links.contains_key(left)
                || memory.engaged.contains(left)
                || memory.found.contains(left)
                || memory.valid_cmp.contains(left)
                || memory.outputs.contains_key(left)
        })
    };
    let concerned: Vec<EntityId> = world
        .behaviours
        .memories
        .keys()
        .filter(|entity| knows(entity))
        .cloned()
        .collect();
    for entity in concerned {
        world.behaviours.forget(&entity, left);
        for what in [Reads::Links, Reads::Engaged, Reads::Found] {
            note_change(world, &entity, what);
        }
        look_again(world, &entity, at);
    }
    changed(world);
}
