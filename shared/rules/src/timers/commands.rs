//! Commands on timers.

use contract::command::SetTimer;
use contract::fact::{TimerCancelled, TimerSet};
use contract::{Fact, Rejection, RejectionCode, TimerId};

use super::schedule::next_occurrence;
use crate::abilities::check_event;
use crate::chats::{check_event_chat, require_chat};
use crate::decider::Decider;
use crate::rejection::{invalid, reject, too_large};
use crate::world::World;

/// The most that a timer may hold: it waits in the state of the world, and what it does when it fires,
/// itself set again included, must fit in one commit with room to spare.
const TIMER_BYTES_MAX: usize = 96 * 1024;
/// The most timers of a world: all of them are in its state.
const TIMERS_MAX: usize = 100_000;

pub(crate) fn set(
    world: &World,
    wanted: &SetTimer,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if let Some(event) = &wanted.event {
        check_event(world, event, "event", check_event_chat)?;
    }
    if let Some(message) = &wanted.message {
        require_chat(world, &message.chat, "message.chat")?;
        if message.text.trim().is_empty() {
            return Err(invalid("message.text", "a message says something"));
        }
    }
    if world.timers.len() >= TIMERS_MAX && world.timers.get(&wanted.timer).is_none() {
        let detail = format!("a world has at most {TIMERS_MAX} timers");
        return Err(too_large(detail, None));
    }
    let zone = wanted.zone.as_deref();
    if zone.is_some() && wanted.repeat.is_none() {
        return Err(invalid("zone", "it is the time zone of `repeat`"));
    }
    let next = wanted.repeat.as_deref();
    let next = next.map(|repeat| next_occurrence(repeat, zone, decider.now()));
    let due = match (wanted.due, next.transpose()?) {
        (Some(due), _) | (None, Some(due)) => due,
        (None, None) => return Err(invalid("due", "a timer is due once, or repeats")),
    };
    decider.push(Fact::TimerSet(TimerSet {
        timer: wanted.timer.clone(),
        due,
        repeat: wanted.repeat.clone(),
        zone: wanted.zone.clone(),
        event: wanted.event.clone(),
        message: wanted.message.clone(),
    }))?;
    let bytes = decider.size_bytes();
    if bytes > TIMER_BYTES_MAX {
        let detail = format!("the timer has {bytes} bytes; at most {TIMER_BYTES_MAX} are kept");
        return Err(too_large(detail, None));
    }
    Ok(())
}

pub(crate) fn cancel(
    world: &World,
    timer: &TimerId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if world.timers.get(timer).is_none() {
        let detail = format!("there is no timer {timer} in the world {}", world.id);
        return Err(reject(
            RejectionCode::UnknownTimer,
            detail,
            Some("timer".to_owned()),
        ));
    }
    decider.push(Fact::TimerCancelled(TimerCancelled {
        timer: timer.clone(),
    }))
}
