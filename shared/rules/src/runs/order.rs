//! When the run of an ability begins: at once, or when those before it have ended.

use contract::fact::{ActionRequested, ActionStarted};
use contract::{EntityId, EventId, Fact, Purpose, Rejection, RunId};

use super::limits::{DEADLINE_DEFAULT, QUEUED_MAX};
use super::state::OpenRun;
use crate::decider::{COMMAND_BYTES_MAX, Decider, EventHeader};
use crate::world::World;

/// When the next run of an ability of an entity begins, if it is not concurrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunStart {
    /// At once: none is before it.
    Now,
    /// When those before it have ended.
    Queued,
    /// Never: too many wait already.
    QueueFull,
}

/// When the next run of an ability of an entity begins. Those that this command has requested count.
pub(crate) fn next_start(world: &World, entity: &EntityId, decider: &Decider<'_>) -> RunStart {
    let serial = world.runs.serial();
    let requested = decider.events().iter().filter_map(|decided| {
        let Some(Fact::ActionRequested(requested)) = &decided.fact else {
            return None;
        };
        Some(requested).filter(|requested| is_serial_of(entity, requested))
    });
    let mut is_busy = serial.is_busy(entity);
    let mut queued = serial.queued(entity);
    for requested in requested {
        is_busy = true;
        queued += usize::from(requested.queued);
    }
    match is_busy {
        false => RunStart::Now,
        true if queued < QUEUED_MAX => RunStart::Queued,
        true => RunStart::QueueFull,
    }
}

fn is_serial_of(entity: &EntityId, requested: &ActionRequested) -> bool {
    requested.ability.is_some() && !requested.concurrent && requested.entity == *entity
}

/// Begins runs that were queued, at most so many, and those that fit in the commit.
pub(crate) fn start_due(
    world: &World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let due = world.runs.serial().due();
    if due.len() == 0 {
        return Ok(());
    }
    let mut bytes = decider.size_bytes();
    for id in due.flatten().take(most) {
        let Some(run) = world.runs.get(id).filter(|_| !world.runs.is_orphaned(id)) else {
            continue;
        };
        bytes += size_bytes(run);
        // What its command had no room for is due at once, and alone it fits.
        if bytes > COMMAND_BYTES_MAX {
            break;
        }
        start(id, run, decider)?;
    }
    Ok(())
}

/// Whether queued runs may begin.
pub(crate) fn has_due(world: &World) -> bool {
    world.runs.serial().due().len() > 0
}

/// About how many bytes the event takes with which a run begins.
fn size_bytes(run: &OpenRun) -> usize {
    const FIELDS_BYTES: usize = 1024;
    let arguments = run.arguments.as_ref();
    FIELDS_BYTES + arguments.map_or(0, |arguments| arguments.get().len())
}

fn start(id: RunId, run: &OpenRun, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let Purpose::Ability { name, .. } = &run.purpose else {
        return Ok(());
    };
    let question = run.purpose.question();
    let started = ActionStarted {
        run: id,
        action: run.action.clone(),
        entity: run.entity.clone(),
        ability: name.clone(),
        arguments: run.arguments.clone(),
        message: question.map(|question| question.message),
        turn: question.map(|question| question.turn),
        deadline: decider.now() + DEADLINE_DEFAULT,
    };
    let header = EventHeader {
        sender: Some(EntityId::world()),
        chat: run.purpose.chat().cloned(),
        causation: Some(EventId(id.0)),
        correlation: run.correlation,
        ..EventHeader::default()
    };
    decider.push_with(Fact::ActionStarted(started), header)
}
