//! What events change about entities.

use contract::Fact;

use crate::world::World;

pub(crate) fn apply(world: &mut World, fact: &Fact) {
    match fact {
        Fact::EntityCreated(entity) | Fact::EntityUpdated(entity) => {
            world.entities.put(entity.clone());
        }
        Fact::EntityChanged(changed) => world.entities.patch(&changed.change),
        Fact::EntityRemoved(removed) => world.entities.remove(&removed.entity),
        _ => {}
    }
}
