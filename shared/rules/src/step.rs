//! One step of a world: a command becomes events, and events change the state.
//!
//! ```text
//! decide(world, command) -> events -> apply(world, event)* -> follow_up(world) -> events -> apply*
//! ```

use std::collections::BTreeSet;

use contract::fact::ConfigurationChanged;
use contract::fact_kind::FactKind;
use contract::{CommandRequest, Commit, Event, EventType, Fact, Rejection, Seq, Timestamp};

use crate::apply::apply;
use crate::behaviours::Turn;
use crate::commands::decide;
use crate::decider::{COMMAND_BYTES_MAX, Decider, FOLLOW_UPS_MAX};
use crate::follow_up::{follow_up, has_work_now};
use crate::quota;
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
    let turn = Turn::begin(world);
    decide(world, request, &mut decider)?;
    decider.check_size()?;
    record_change(request, &mut decider)?;
    let own = apply_from(world, &decider, 0);
    if world.applying.is_some() {
        // Nothing follows until all that is described is there.
        world.behaviours.forget_pending();
        return Ok(decider.into_events().collect());
    }
    follow_up(world, &mut decider)?;
    apply_from(world, &decider, own);
    run_machines(world, turn, &mut decider, own)?;
    Ok(decider.into_events().collect())
}

/// Adds which client has changed what the world is made of, behind the events of the change. The log of a world that is
/// deleted goes with it.
fn record_change(request: &CommandRequest, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let Some(principal) = &request.principal else {
        return Ok(());
    };
    let changes = decider.events().iter();
    let changes: BTreeSet<_> = changes.map(|made| made.event.event_type.clone()).collect();
    if changes.is_empty() || changes.contains(&EventType::of(FactKind::WorldDeleted)) {
        return Ok(());
    }
    decider.push(Fact::ConfigurationChanged(ConfigurationChanged {
        principal: principal.clone(),
        command: request.id,
        changes,
    }))
}

/// Looks at the machines that something has happened for, and decides what follows from what they do,
/// until nothing more does, or the commit has no room. The command itself has made `own` events.
fn run_machines(
    world: &mut World,
    mut turn: Turn,
    decider: &mut Decider<'_>,
    own: usize,
) -> Result<(), Rejection> {
    turn.begin_machines(world);
    let mut applied = decider.events().len();
    if quota::is_used_up(world) {
        turn.wait(world, decider)?;
        apply_from(world, decider, applied);
        return Ok(());
    }
    turn.connect(world, decider)?;
    applied = apply_from(world, decider, applied);
    loop {
        while has_room(decider, own) && turn.advance_next(world, decider)? {
            applied = apply_from(world, decider, applied);
        }
        // An agent that gives up what it was at may have something else to do.
        if !has_work_now(world) || !has_room(decider, own) {
            break;
        }
        follow_up(world, decider)?;
        if decider.events().len() == applied {
            break;
        }
        applied = apply_from(world, decider, applied);
    }
    turn.defer(world, decider)?;
    apply_from(world, decider, applied);
    Ok(())
}

/// Whether the commit has room for more that follows from the command by itself.
fn has_room(decider: &Decider<'_>, own: usize) -> bool {
    let count = decider.events().len();
    count < own + FOLLOW_UPS_MAX && (count == own || decider.size_bytes() < COMMAND_BYTES_MAX)
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
