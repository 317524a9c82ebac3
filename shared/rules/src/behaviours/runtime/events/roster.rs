//! Entities that come, change, and leave.

use std::collections::BTreeSet;

use contract::{EntityId, Timestamp};

use super::notice::{look_again, note_change};
use super::remove::remove_behaviour;
use crate::behaviours::catalogue::Reads;
use crate::behaviours::runtime::links::note_connecting;
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
        world.behaviours.memory_mut(&entity).forget(left);
        note_connecting(world, &entity);
        for what in [Reads::Links, Reads::Engaged, Reads::Found] {
            note_change(world, &entity, what);
        }
        look_again(world, &entity, at);
    }
    changed(world);
}

/// Entities are not present any more: their links end, on both sides. They stay in the world, with all that
/// was requested of them.
pub(super) fn presence_ended(world: &mut World, absent: &[EntityId], at: Timestamp) {
    let absent: BTreeSet<&EntityId> = absent.iter().collect();
    let mut ended: Vec<(EntityId, EntityId)> = Vec::new();
    for (entity, memory) in &world.behaviours.memories {
        let peers: BTreeSet<&EntityId> = memory.links.keys().chain(&memory.engaged).collect();
        let is_absent = absent.contains(entity);
        let lost = peers
            .into_iter()
            .filter(|peer| is_absent || absent.contains(peer));
        ended.extend(lost.map(|peer| (entity.clone(), peer.clone())));
    }
    for (entity, peer) in ended {
        world.behaviours.memory_mut(&entity).unlink(&peer);
        note_connecting(world, &entity);
        for what in [Reads::Links, Reads::Engaged, Reads::Found] {
            note_change(world, &entity, what);
        }
        look_again(world, &entity, at);
    }
}
