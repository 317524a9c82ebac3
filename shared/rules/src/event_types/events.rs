//! What events change about event types.

use contract::Fact;

use crate::world::World;

pub(crate) fn apply(world: &mut World, fact: &Fact) {
    if let Fact::EventTypeRegistered(registered) = fact {
        world.event_types.put(registered);
    }
}
