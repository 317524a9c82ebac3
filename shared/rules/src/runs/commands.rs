//! How runs are requested, and how they end.

use contract::fact::{ActionCancelled, ActionCompleted, ActionFailed, ActionRequested};
use contract::{
    ActionName, EntityId, EventId, Fact, Purpose, Rejection, RejectionCode, RunId, Timestamp,
};
use serde_json::value::RawValue;

use super::limits::{DEADLINE_DEFAULT, OPEN_MAX, REASON_BYTES_MAX};
use super::state::OpenRun;
use crate::decider::{Decider, EventHeader};
use crate::entities::require_entity;
use crate::rejection::{invalid, reject, too_large};
use crate::world::World;

/// Requests a run by the name of its action.
pub(crate) fn request_by_name(
    world: &World,
    action: &ActionName,
    entity: &EntityId,
    arguments: Option<&RawValue>,
    deadline: Option<Timestamp>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_entity(world, entity, "agent")?;
    if world.runs.len() >= OPEN_MAX {
        let detail = format!("a world has at most {OPEN_MAX} open invocations");
        return Err(too_large(detail, None));
    }
    if deadline.is_some_and(|deadline| deadline <= decider.now()) {
        return Err(invalid("deadline", "the deadline has passed"));
    }
    let deadline = deadline.unwrap_or(decider.now() + DEADLINE_DEFAULT);
    let requested = ActionRequested {
        arguments: arguments.map(ToOwned::to_owned),
        ..Purpose::Requested.request(action.clone(), entity.clone(), deadline)
    };
    let header = EventHeader {
        correlation: Some(decider.next_id().0),
        ..EventHeader::default()
    };
    decider.push_with(Fact::ActionRequested(requested), header)
}

/// Requests a run in the world's name. The header names its cause.
pub(crate) fn request(
    requested: ActionRequested,
    purpose: &Purpose,
    header: EventHeader,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let header = EventHeader {
        sender: Some(EntityId::world()),
        chat: purpose.chat().cloned(),
        ..header
    };
    decider.push_with(Fact::ActionRequested(requested), header)
}

/// A run that can end: it is open, and its entity is there.
pub(crate) fn require_open(world: &World, id: RunId) -> Result<&OpenRun, Rejection> {
    let run = world.runs.get(id);
    let run = run.filter(|_| !world.runs.is_orphaned(id));
    run.ok_or_else(|| {
        let detail = format!("the invocation {id} has ended, or never was");
        let field = Some("invocation".to_owned());
        reject(RejectionCode::AlreadyEnded, detail, field)
    })
}

/// A run that a worker can end: it has begun.
pub(crate) fn require_started(world: &World, id: RunId) -> Result<&OpenRun, Rejection> {
    let run = require_open(world, id)?;
    if run.queued {
        let detail = format!("the invocation {id} waits for those of its entity before it");
        let field = Some("invocation".to_owned());
        return Err(reject(RejectionCode::Conflict, detail, field));
    }
    Ok(run)
}

/// A run has completed.
pub(crate) fn push_completed(
    run: &OpenRun,
    completed: ActionCompleted,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let header = end_header(completed.run, run);
    decider.push_with(Fact::ActionCompleted(completed), header)
}

/// A run has failed.
pub(crate) fn fail(
    id: RunId,
    run: &OpenRun,
    code: &str,
    reason: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    let failed = ActionFailed {
        run: id,
        call: run.purpose.call().map(ToOwned::to_owned),
        code: code.to_owned(),
        reason: reason.replace('\0', ""),
    };
    decider.push_with(Fact::ActionFailed(failed), end_header(id, run))
}

/// Cancels a run that somebody names.
pub(crate) fn cancel(world: &World, id: RunId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    push_cancelled(id, require_open(world, id)?, decider)
}

/// Cancels what entities had to do that were removed.
pub(crate) fn cancel_orphaned(
    world: &World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for id in world.runs.orphaned().take(most) {
        if let Some(run) = world.runs.get(id) {
            push_cancelled(id, run, decider)?;
        }
    }
    Ok(())
}

/// A run is cancelled.
pub(crate) fn push_cancelled(
    id: RunId,
    run: &OpenRun,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let cancelled = ActionCancelled {
        run: id,
        call: run.purpose.call().map(ToOwned::to_owned),
    };
    decider.push_with(Fact::ActionCancelled(cancelled), end_header(id, run))
}

/// The header of the events that end a run: they go back to its request, and belong to whatever that
/// did.
pub(crate) fn end_header(id: RunId, run: &OpenRun) -> EventHeader {
    let question = run.purpose.question();
    let turn = question.map(|question| question.turn.0);
    EventHeader {
        sender: Some(run.entity.clone()),
        chat: question.map(|question| question.chat.clone()),
        causation: Some(EventId(id.0)),
        correlation: turn.or(run.correlation).or(Some(id.0)),
        ..EventHeader::default()
    }
}
