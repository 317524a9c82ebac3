//! The next moment at which a machine has to look again.

use contract::{EntityId, Timestamp};

use super::definitions::Compiled;
use super::progress::{Busy, Progress, Wait};
use crate::schedule::Due;
use crate::world::World;

/// Sets when the machine of an entity has to look again, after `at`.
pub(super) fn set_alarm(world: &mut World, entity: &EntityId, at: Timestamp) {
    let Some(compiled) = world.behaviours.compiled(entity).cloned() else {
        return;
    };
    let Some(progress) = world.behaviours.machines.get_mut(entity) else {
        return;
    };
    let next = if progress.pause.is_some() {
        None
    } else {
        next_time(&compiled, progress, at)
    };
    if progress.alarm == next {
        return;
    }
    let before = std::mem::replace(&mut progress.alarm, next);
    if let Some(before) = before {
        world
            .schedule
            .remove(before, Due::Behaviour(entity.clone()));
    }
    if let Some(next) = next {
        world.schedule.insert(next, Due::Behaviour(entity.clone()));
    }
}

/// The first time after `at` that a machine waits for.
fn next_time(compiled: &Compiled, progress: &Progress, at: Timestamp) -> Option<Timestamp> {
    let state = compiled
        .machine
        .state(compiled.machine.find(&progress.state)?);
    let mut times: Vec<Timestamp> = Vec::new();
    let mut add = |duration: std::time::Duration, since: Timestamp| {
        if !duration.is_zero() {
            times.push(since + duration);
        }
    };
    match &progress.busy {
        Some(Busy {
            transition: Some(place),
            since,
            wait,
        }) => {
            let place = usize::try_from(*place).ok()?;
            let transition = state.transitions.get(place)?;
            add(transition.max, *since);
            // A request that is served ends with its run.
            if !matches!(wait, Wait::Served { .. }) {
                add(transition.retry, *since);
            }
        }
        Some(_) => {}
        None => {
            add(state.wait, progress.since);
            for transition in &state.transitions {
                add(transition.delay, progress.since);
            }
            times.extend(progress.retries.values().map(|retry| retry.at));
            times.extend(progress.queue.held_until());
            times.extend(progress.again_at);
        }
    }
    times.into_iter().filter(|time| *time > at).min()
}
