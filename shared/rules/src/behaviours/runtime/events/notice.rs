//! Changes that concern a machine.

use contract::{EntityId, Timestamp};

use crate::behaviours::catalogue::{Class, Reads};
use crate::behaviours::runtime::alarm::set_alarm;
use crate::behaviours::runtime::answers::set_answers;
use crate::world::World;

/// Something has changed that an entity's actions may read, by another cause than its own machine.
pub(super) fn note_change(world: &mut World, entity: &EntityId, what: Reads) {
    let Some(compiled) = world.behaviours.compiled(entity).cloned() else {
        return;
    };
    let Some(progress) = world.behaviours.machines.get_mut(entity) else {
        return;
    };
    progress.queue.release_held();
    if progress.looped.is_empty() && progress.retries.is_empty() {
        return;
    }
    let Some(state) = compiled.machine.find(&progress.state) else {
        return;
    };
    let transitions = &compiled.machine.state(state).transitions;
    let transition_at = |index: &u32| transitions.get(usize::try_from(*index).ok()?);
    let reads = |index: &u32| {
        let transition = transition_at(index);
        transition.is_some_and(|transition| transition.action.reads().contains(&what))
    };
    // The end of what one transition has sent is no reason to send what another one could not: two of them
    // would do so in turns, without a pause.
    let sends = |index: &u32| {
        let transition = transition_at(index);
        transition.is_some_and(|transition| transition.action.class() == Class::Sends)
    };
    progress.looped.retain(|index| !reads(index));
    for (index, retry) in &mut progress.retries {
        if reads(index) && !(what == Reads::Interactions && sends(index)) {
            retry.at = Timestamp::default();
        }
    }
}

pub(super) fn note_all(world: &mut World, entity: &EntityId) {
    for what in Reads::ALL {
        note_change(world, entity, *what);
    }
}

/// Something has happened after which a machine may make a transition.
pub(super) fn look_again(world: &mut World, entity: &EntityId, at: Timestamp) {
    world.behaviours.set_pending(entity);
    set_alarm(world, entity, at);
    set_answers(world, entity, at);
}
