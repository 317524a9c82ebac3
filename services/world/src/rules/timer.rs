//! Timers, and deadlines that have passed.

use contract::fact::{TimerCancelled, TimerFired, TimerSet};
use contract::{Draft, Fact, Rejection, RejectionCode, TimerId, Timestamp};

use super::state::{Due, World};
use super::{About, Decision, event as custom, invocation, reject};

/// The most that the event of a timer may say: it waits in the state of the world.
const EVENT_BYTES_MAX: usize = 64 * 1024;
/// The most timers of a world: all of them are in its state.
const TIMERS_MAX: usize = 100_000;

pub(super) fn set(
    world: &World,
    timer: &TimerId,
    due: Timestamp,
    event: Option<&Draft>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if let Some(draft) = event {
        custom::check_draft(world, draft, "event")?;
        World::check_text(draft.data.get(), EVENT_BYTES_MAX, "event.data")?;
    }
    if world.timers.len() >= TIMERS_MAX && !world.timers.contains_key(timer) {
        let detail = format!("a world has at most {TIMERS_MAX} timers");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    decision.push(Fact::TimerSet(TimerSet {
        timer: timer.clone(),
        due,
        event: event.cloned(),
    }))
}

pub(super) fn cancel(
    world: &World,
    timer: &TimerId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if !world.timers.contains_key(timer) {
        let detail = format!("there is no timer {timer} in the world {}", world.id);
        return Err(reject(
            RejectionCode::UnknownTimer,
            detail,
            Some("timer".to_owned()),
        ));
    }
    decision.push(Fact::TimerCancelled(TimerCancelled {
        timer: timer.clone(),
    }))
}

/// Does what is due, soonest first; what does not fit in one command is left for the next wake.
pub(super) fn wake(world: &World, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let now = decision.now;
    for (_, due) in world.due.iter().take_while(|(due, _)| *due <= now) {
        if !decision.events.is_empty() && !decision.has_room_for_another() {
            break;
        }
        match due {
            Due::Timer(timer) => fire(world, timer, decision)?,
            Due::Deadline(id) => {
                if let Some(open) = world.invocations.get(id) {
                    let reason = format!("it had not ended at its deadline, {}", open.deadline);
                    invocation::fail(*id, open, "deadline", &reason, decision)?;
                }
            }
        }
    }
    Ok(())
}

fn fire(world: &World, id: &TimerId, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let Some(timer) = world.timers.get(id) else {
        return Ok(());
    };
    let about = About {
        sender: Some(timer.owner.clone()),
        ..About::default()
    };
    let fired = decision.next_id();
    let fact = Fact::TimerFired(TimerFired {
        timer: id.clone(),
        due: timer.due,
    });
    decision.push_about(fact, about)?;
    if let Some(draft) = &timer.event {
        let draft = Draft {
            causation: Some(draft.causation.unwrap_or(fired)),
            ..draft.clone()
        };
        // What the draft names may be gone by now: then there is nobody left to tell.
        let _ = custom::send(world, &draft, timer.owner.clone(), "event", decision);
    }
    Ok(())
}
