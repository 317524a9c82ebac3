//! Behaviours that end.

use contract::EntityId;

use crate::behaviours::runtime::progress::Progress;
use crate::interactions::set_machine;
use crate::schedule::Due;
use crate::world::World;

/// An entity has no behaviour any more.
pub(super) fn remove_behaviour(world: &mut World, entity: &EntityId) {
    let Some(progress) = world.behaviours.machines.remove(entity) else {
        return;
    };
    clear_alarm(world, entity, &progress);
    world.behaviours.definitions.release(progress.definition);
    world.behaviours.pending.remove(entity);
    world.behaviours.readers.remove(entity);
    world.behaviours.callbacks.remove(entity);
    set_machine(world, entity, false);
}

/// A machine waits for no time any more.
pub(super) fn clear_alarm(world: &mut World, entity: &EntityId, progress: &Progress) {
    if let Some(alarm) = progress.alarm {
        let due = Due::Behaviour(entity.clone());
        world.schedule.remove(alarm, due);
    }
}
