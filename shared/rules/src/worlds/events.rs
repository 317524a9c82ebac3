//! What events change about a world as a whole.

use contract::{Fact, Timestamp};

use crate::world::World;

pub(crate) fn apply(world: &mut World, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::WorldCreated(description) => {
            // What a late snapshot has of an earlier world of this id is not of this one.
            *world = World::new(world.id.clone());
            world.description = Some(description.clone());
            world.created_at = at;
        }
        Fact::WorldUpdated(description) => world.description = Some(description.clone()),
        Fact::WorldDeleted(_) => delete(world),
        _ => {}
    }
}

/// Only that it was deleted is remembered, and the commands, so that a repeat gets its answer.
fn delete(world: &mut World) {
    let dedup = std::mem::take(&mut world.dedup);
    let description = world.description.take();
    *world = World {
        seq: world.seq,
        at: world.at,
        description,
        deleted: true,
        dedup,
        ..World::new(world.id.clone())
    };
}
