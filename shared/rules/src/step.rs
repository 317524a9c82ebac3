//! One step of a world: a command becomes events, and events change the state.
//!
//! ```text
//! decide(world, command) -> events -> apply(world, event)* -> follow_up(world) -> events -> apply*
//! ```

use contract::{CommandRequest, Commit, Event, Fact, Rejection, Seq, Timestamp};

use crate::apply::apply;
use crate::commands::decide;
use crate::decider::{Decider, FOLLOW_UPS_MAX};
use crate::follow_up::follow_up;
use crate::world::World;

/// Decides a command at `now`, applies what it makes, and returns that. A rejected command leaves
/// the world untouched.
///
/// # Errors
/// Why the command is refused.
pub fn step(
    world: &mut World,
    request: &CommandRequest,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let mut decider = Decider::new(request, now);
    decide(world, request, &mut decider)?;
    decider.check_size()?;
    let mut applied = apply_from(world, &decider, 0);
    follow_up(world, &mut decider)?;
    applied = apply_from(world, &decider, applied);
    // An agent that gives up what it was at may have something else to do.
    if world.minds.has_work() && applied < FOLLOW_UPS_MAX {
        follow_up(world, &mut decider)?;
        apply_from(world, &decider, applied);
    }
    Ok(decider.into_events().collect())
}

/// Applies the events from number `first` on; how many are applied then.
fn apply_from(world: &mut World, decider: &Decider<'_>, first: usize) -> usize {
    for decided in &decider.events()[first..] {
        apply(world, &decided.event, decided.fact.as_ref(), decider.now());
    }
    decider.events().len()
}

/// Applies a commit that is in the log.
///
/// # Errors
/// When an event of a built-in type does not hold what its type promises.
pub fn replay(world: &mut World, seq: Seq, commit: &Commit) -> serde_json::Result<()> {
    for event in &commit.events {
        let fact = Fact::parse(&event.event_type, &event.data)?;
        apply(world, event, fact.as_ref(), commit.at);
    }
    world.seal(commit);
    world.mark_durable(seq, commit);
    Ok(())
}
