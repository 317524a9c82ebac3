//! Links of entities, and which of them can be connected.

use contract::EntityId;
use contract::behaviour::LinkState;

use crate::world::World;

/// Whether two entities can be connected: both are present.
pub(super) fn can_connect(world: &World, one: &EntityId, other: &EntityId) -> bool {
    !world.presence.is_absent(one) && !world.presence.is_absent(other)
}

/// Applies a link of two entities to both.
pub(super) fn set_link(
    world: &mut World,
    one: &EntityId,
    other: &EntityId,
    link: Option<LinkState>,
) {
    for (entity, peer) in [(one, other), (other, one)] {
        let memory = world.behaviours.memory_mut(entity);
        memory.set_link(peer, link);
        note_connecting(world, entity);
        world.behaviours.set_pending(entity);
    }
}

/// Notes whether an entity has links that are connected with the next commit.
pub(super) fn note_connecting(world: &mut World, entity: &EntityId) {
    let memory = world.behaviours.memory(entity);
    let mut links = memory.into_iter().flat_map(|memory| &memory.links);
    let is_connecting = links
        .any(|(peer, link)| *link == LinkState::Connecting && can_connect(world, entity, peer));
    let readers = &mut world.behaviours.readers;
    readers.set_connecting(entity, is_connecting);
}

/// Notes the same for an entity and for those that it has links to: it may be present since.
pub(super) fn note_connecting_around(world: &mut World, entity: &EntityId) {
    let memory = world.behaviours.memory(entity);
    let connecting = memory.into_iter().flat_map(|memory| &memory.links);
    let connecting = connecting.filter(|(_, link)| **link == LinkState::Connecting);
    let peers: Vec<EntityId> = connecting.map(|(peer, _)| peer.clone()).collect();
    if peers.is_empty() {
        return;
    }
    for peer in &peers {
        note_connecting(world, peer);
    }
    note_connecting(world, entity);
}
