//! What targets do next by themselves.

use contract::ability::Executor;
use contract::fact::ActionRequested;
use contract::interaction::{EndStatus, InteractionStep, TargetStatus};
use contract::{ActionName, EntityId, EventId, InteractionId, Purpose, Rejection};

use super::data;
use super::end::{OpenTarget, Reason};
use super::learning;
use super::limits::STEPS_PER_RUN;
use super::processing::executed;
use super::readiness::{check_can, is_client, is_in_world, steps_ready};
use crate::decider::{COMMAND_BYTES_MAX, Decider, EventHeader};
use crate::entities::agent_config;
use crate::runs;
use crate::world::World;

/// Decides what follows for the targets for which something does: at most so many.
pub(crate) fn follow_up(
    world: &World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for (id, target) in world.interactions.due().take(most) {
        let Some(open) = open_target(world, *id, target) else {
            continue;
        };
        if !has_room(open, decider) {
            break;
        }
        next(world, open, decider)?;
    }
    Ok(())
}

/// Whether what follows for a target fits in the commit; if not, it follows with the next one.
fn has_room(open: OpenTarget<'_>, decider: &Decider<'_>) -> bool {
    /// The accepted request, and the run without its arguments.
    const EVENTS_BYTES: usize = 4096;
    let request = &open.interaction.request;
    let arguments = request
        .arguments
        .as_ref()
        .map_or(0, |arguments| arguments.get().len());
    let samples = match request.action {
        Some(_) => 0,
        None => request
            .samples
            .iter()
            .map(|sample| sample.get().len())
            .sum(),
    };
    let bytes = EVENTS_BYTES + arguments + samples;
    decider.events().is_empty() || decider.size_bytes() + bytes <= COMMAND_BYTES_MAX
}

pub(super) fn open_target<'a>(
    world: &'a World,
    id: InteractionId,
    target: &'a EntityId,
) -> Option<OpenTarget<'a>> {
    let interaction = world.interactions.get(id)?;
    let progress = interaction.open_progress(target)?;
    Some(OpenTarget {
        id,
        interaction,
        target,
        progress,
    })
}

fn next(world: &World, open: OpenTarget<'_>, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    if !world.entities.contains(open.target) {
        return open.end(EndStatus::Left, None, decider);
    }
    if !is_in_world(world, &open.interaction.requester) {
        return cancel_target(world, open, decider);
    }
    if let Some(failure) = &open.progress.failure {
        let reason = Reason {
            word: &failure.code,
            detail: &failure.detail,
        };
        return open.end(EndStatus::Failed, Some(reason), decider);
    }
    if open.progress.status != TargetStatus::Waiting {
        return next_run(world, open, decider);
    }
    if open.interaction.request.action.is_some() && world.entities.has_machine(open.target) {
        return Ok(());
    }
    if let Err(reason) = check_can(world, open.target, &open.interaction.request) {
        return open.end(EndStatus::Rejected, Some(reason), decider);
    }
    if open.interaction.request.action.is_none() {
        return store(world, open, decider);
    }
    if learning::must_wait(world, open, decider) {
        return Ok(());
    }
    open.accept(decider)?;
    next_run(world, open, decider)
}

/// Ends it for a target because its requester does not want it any more.
pub(super) fn cancel_target(
    world: &World,
    open: OpenTarget<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    cancel_run(world, open, decider)?;
    open.end(EndStatus::Cancelled, None, decider)
}

/// Cancels the run that does steps of it, if there is one.
pub(super) fn cancel_run(
    world: &World,
    open: OpenTarget<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match open
        .progress
        .run
        .and_then(|id| Some((id, world.runs.get(id)?)))
    {
        Some((id, run)) => runs::push_cancelled(id, run, decider),
        None => Ok(()),
    }
}

/// Stores the samples of a request without an action.
fn store(world: &World, open: OpenTarget<'_>, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let samples = &open.interaction.request.samples;
    if samples.is_empty() {
        return open.complete(Vec::new(), decider);
    }
    // The target may have declared its inbox for samples of another type.
    let stored = decider.transaction(|decider| {
        let output = data::write(world, open.target, data::INBOX, samples, open.id, decider)?;
        open.complete(vec![output], decider)
    });
    stored.or_else(|refused| {
        let reason = Reason {
            word: "invalid_samples",
            detail: &refused.detail,
        };
        open.end(EndStatus::Failed, Some(reason), decider)
    })
}

/// The action that a worker runs: that of the ability, if one is requested of an entity with a machine; or
/// that of the processor.
fn executor(world: &World, target: &EntityId, action: &ActionName) -> ActionName {
    let entity = world.entities.get(target);
    let entity = entity.filter(|_| world.entities.has_machine(target));
    let mut abilities = entity.into_iter().flat_map(|entity| &entity.abilities);
    match abilities
        .find(|ability| ability.name == *action)
        .map(|ability| &ability.run)
    {
        Some(Executor::Worker(executor)) => executor.clone(),
        _ => executed(world, target, action).clone(),
    }
}

/// Requests the run of the next steps. A client does its own.
fn next_run(
    world: &World,
    open: OpenTarget<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if is_client(world, open.target) {
        return Ok(());
    }
    let config = agent_config(world, open.target);
    let timeout = config.map_or(runs::DEADLINE_DEFAULT, |config| config.turn_timeout_seconds);
    if learning::must_wait(world, open, decider) {
        return Ok(());
    }
    let ready = steps_ready(world, open.interaction, open.progress).min(STEPS_PER_RUN);
    let Some(action) = open.interaction.request.action.as_ref() else {
        return Ok(());
    };
    let action = executor(world, open.target, action);
    let step = InteractionStep {
        id: open.id,
        first: open.progress.steps_done,
        count: ready,
    };
    let purpose = Purpose::Interaction(step);
    let limit = decider.now() + timeout + runs::ANSWER_GRACE;
    let deadline = limit.min(open.interaction.request.deadline);
    let requested = purpose.request(action, open.target.clone(), deadline);
    let requested = ActionRequested {
        arguments: open
            .progress
            .arguments
            .clone()
            .or_else(|| open.interaction.request.arguments.clone()),
        ..requested
    };
    let header = EventHeader {
        causation: Some(EventId(open.id.0)),
        correlation: Some(open.id.0),
        ..EventHeader::default()
    };
    runs::request(requested, &purpose, header, decider)
}
