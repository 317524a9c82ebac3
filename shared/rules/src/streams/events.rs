//! What events change about streams.

use contract::{Fact, Timestamp};

use crate::world::World;

pub(crate) fn apply(world: &mut World, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::StreamDeclared(declared) => world.streams.put(declared, at),
        Fact::StreamRemoved(removed) => world.streams.remove(&removed.stream),
        Fact::StreamAppended(appended) => world.streams.append(appended),
        // Nobody else may append to them.
        Fact::EntityRemoved(removed) => world.streams.remove_owner(&removed.entity),
        _ => {}
    }
}
