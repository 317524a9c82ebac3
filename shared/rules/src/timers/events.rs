//! What events change about timers.

use contract::fact::TimerSet;
use contract::{Event, Fact, TimerId};

use super::state::Timer;
use crate::schedule::Due;
use crate::world::World;

pub(crate) fn apply(world: &mut World, event: &Event, fact: &Fact) {
    match fact {
        Fact::TimerSet(set) => put(world, event, set),
        Fact::TimerFired(fired) => remove(world, &fired.timer),
        Fact::TimerCancelled(cancelled) => remove(world, &cancelled.timer),
        _ => {}
    }
}

fn put(world: &mut World, event: &Event, set: &TimerSet) {
    remove(world, &set.timer);
    world
        .schedule
        .insert(set.due, Due::Timer(set.timer.clone()));
    let timer = Timer {
        due: set.due,
        owner: event.sender.clone(),
        repeat: set.repeat.clone(),
        zone: set.zone.clone(),
        event: set.event.clone(),
        message: set.message.clone(),
    };
    world.timers.insert(set.timer.clone(), timer);
}

fn remove(world: &mut World, id: &TimerId) {
    if let Some(timer) = world.timers.remove(id) {
        world.schedule.remove(timer.due, Due::Timer(id.clone()));
    }
}
