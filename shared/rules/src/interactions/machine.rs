//! Targets whose machine decides when a request is accepted.

use contract::interaction::{
    EndStatus, InteractionAccepted, InteractionEnded, TargetStatus, reason,
};
use contract::{EntityId, Fact, InteractionId, Rejection, StreamRef};
use serde_json::value::RawValue;

use super::end::{OpenTarget, Reason};
use super::events::look_at;
use super::follow_up::{cancel_run, open_target};
use super::open::OpenInteraction;
use super::readiness::steps_ready;
use crate::decider::Decider;
use crate::world::World;

/// The most requests that end with one link; others end at their deadlines.
const LINK_ENDS_MAX: usize = 100;

/// How a machine accepts a request.
pub(crate) struct Acceptance {
    /// The place of the transition that it makes; none for the action of its state.
    pub(crate) transition: Option<u32>,
    /// The state that it is in once the request is completed; none without a machine.
    pub(crate) state: Option<String>,
    /// What the action is given, when that is not what was requested.
    pub(crate) arguments: Option<Box<RawValue>>,
}

/// A machine decides from now on when an entity accepts a request, or does not any more.
pub(crate) fn set_machine(world: &mut World, entity: &EntityId, has_one: bool) {
    world.entities.set_machine(entity, has_one);
    if !has_one {
        world.interactions.forget_answers(entity);
    }
    let waiting = world.interactions.of_target(entity);
    let waiting = waiting.filter(|(.., progress)| progress.status == TargetStatus::Waiting);
    let ids: Vec<InteractionId> = waiting.map(|(id, ..)| id).collect();
    for id in ids {
        world.interactions.clear_due(id, entity);
        look_at(world, id, entity);
    }
}

/// Whether a target can begin a request now: what it reads first is there.
pub(crate) fn is_ready(world: &World, id: InteractionId, target: &EntityId) -> bool {
    open_target(world, id, target)
        .is_some_and(|open| steps_ready(world, open.interaction, open.progress) > 0)
}

/// The targets for which a request waits that reads a stream.
pub(crate) fn waiting_readers(world: &World, stream: &StreamRef) -> Vec<EntityId> {
    let readers = world.interactions.readers_of(stream).into_iter();
    let open = readers.filter_map(|id| world.interactions.get(id));
    open.flat_map(OpenInteraction::open_targets)
        .filter(|(_, progress)| progress.status == TargetStatus::Waiting)
        .map(|(target, _)| target.clone())
        .collect()
}

/// A machine accepts a request: a run does it, or a client.
pub(crate) fn accept(
    id: InteractionId,
    (target, requester): (&EntityId, &EntityId),
    acceptance: Acceptance,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let accepted = InteractionAccepted {
        interaction: id,
        target: target.clone(),
        transition: acceptance.transition,
        state: acceptance.state,
        arguments: acceptance.arguments,
    };
    let header = OpenTarget::header_of(id, target, requester);
    decider.push_with(Fact::InteractionAccepted(accepted), header)
}

/// A machine has done a request at once, and is in this state then.
pub(crate) fn complete_now(
    world: &World,
    id: InteractionId,
    target: &EntityId,
    state: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(open) = open_target(world, id, target) else {
        return Ok(());
    };
    let ended = InteractionEnded {
        state: Some(state.to_owned()),
        steps_done: open.interaction.request.steps,
        ..open.ended(EndStatus::Completed)
    };
    decider.push_with(Fact::InteractionEnded(ended), open.header())
}

/// A machine could not do a request, and tries it again later.
pub(crate) fn return_to_queue(
    world: &World,
    id: InteractionId,
    target: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match open_target(world, id, target) {
        Some(open) => open.return_to_queue(decider),
        None => Ok(()),
    }
}

/// A machine does not do a request.
pub(crate) fn reject(
    world: &World,
    id: InteractionId,
    target: &EntityId,
    (word, detail): (&str, &str),
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match open_target(world, id, target) {
        Some(open) => open.end(EndStatus::Rejected, Some(Reason { word, detail }), decider),
        None => Ok(()),
    }
}

/// Two entities are not linked any more: what one has requested of the other ends.
pub(crate) fn end_between(
    world: &World,
    one: &EntityId,
    other: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for (requester, target) in [(one, other), (other, one)] {
        let requested = world.interactions.of_requester(requester, None);
        let ids: Vec<InteractionId> = requested
            .filter(|(_, open)| open.is_open_for(target))
            .map(|(id, _)| id)
            .take(LINK_ENDS_MAX)
            .collect();
        for id in ids {
            if let Some(open) = open_target(world, id, target) {
                cancel_run(world, open, decider)?;
                open.end(EndStatus::Left, None, decider)?;
            }
        }
    }
    Ok(())
}

/// A machine has no more time for a request that it does.
pub(crate) fn time_out(
    world: &World,
    id: InteractionId,
    target: &EntityId,
    detail: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(open) = open_target(world, id, target) else {
        return Ok(());
    };
    cancel_run(world, open, decider)?;
    let reason = Reason {
        word: reason::DEADLINE,
        detail,
    };
    open.end(EndStatus::TimedOut, Some(reason), decider)
}
