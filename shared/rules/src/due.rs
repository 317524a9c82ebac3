//! What is due: timers fire, and what is past its deadline ends.

use contract::Rejection;

use crate::decider::Decider;
use crate::schedule::Due;
use crate::world::World;
use crate::{behaviours, flows, interactions, presence, quota, runs, timers, tools};

/// Does what is due, soonest first; what does not fit in one command is left for the next wake-up.
pub(crate) fn fire_due(world: &World, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let mut has_ended_presences = false;
    let are_timers_waiting = quota::is_used_up(world);
    for due in world.schedule.due_at(decider.now()) {
        if !decider.events().is_empty() && !decider.has_room_for_another() {
            break;
        }
        match due {
            Due::Timer(_) if are_timers_waiting => {}
            Due::Timer(timer) => {
                if !timers::fire(world, timer, decider)? {
                    break;
                }
            }
            Due::Deadline(id) => {
                if let Some(run) = world.runs.get(*id) {
                    let reason = format!("it had not ended at its deadline, {}", run.deadline);
                    runs::fail(*id, run, "deadline", &reason, decider)?;
                }
            }
            Due::Approval(id) => tools::expire(world, *id, decider)?,
            Due::Interaction(id) => interactions::expire(world, *id, decider)?,
            Due::Session(id) => flows::on_due(world, *id, decider)?,
            Due::Behaviour(entity) => behaviours::end_delay(entity, decider)?,
            // One event for all of them.
            Due::Presence(_) if has_ended_presences => {}
            Due::Presence(_) => {
                presence::end_due(world, decider)?;
                has_ended_presences = true;
            }
        }
    }
    Ok(())
}
