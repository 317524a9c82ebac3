//! Interactions that end before their targets are done.

use contract::interaction::{EndStatus, reason};
use contract::{EntityId, InteractionId, Rejection, RejectionCode};

use super::end::Reason;
use super::follow_up::{cancel_run, cancel_target, open_target};
use super::open::OpenInteraction;
use crate::decider::Decider;
use crate::rejection::reject;
use crate::world::World;

/// Cancels an interaction. Only its requester may, and the world itself.
pub(crate) fn cancel(
    world: &World,
    id: InteractionId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(interaction) = world.interactions.get(id) else {
        let detail = format!("the interaction {id} has ended, or never was");
        let field = Some("interaction".to_owned());
        return Err(reject(RejectionCode::AlreadyEnded, detail, field));
    };
    let sender = decider.sender();
    if *sender != interaction.requester && *sender != EntityId::world() {
        let detail = format!("only {} can cancel it", interaction.requester);
        let field = Some("sender".to_owned());
        return Err(reject(RejectionCode::NotAllowed, detail, field));
    }
    cancel_targets(world, id, decider)
}

/// Cancels an interaction for those targets that have not ended it.
pub(crate) fn cancel_targets(
    world: &World,
    id: InteractionId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let open = world.interactions.get(id).into_iter();
    for (target, _) in open.flat_map(OpenInteraction::open_targets) {
        if let Some(open) = open_target(world, id, target) {
            cancel_target(world, open, decider)?;
        }
    }
    Ok(())
}

/// The deadline of an interaction has passed: targets that have not ended it do now.
pub(crate) fn expire(
    world: &World,
    id: InteractionId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(interaction) = world.interactions.get(id) else {
        return Ok(());
    };
    let detail = format!(
        "it had not ended at its deadline, {}",
        interaction.request.deadline
    );
    for (target, _) in interaction.open_targets() {
        let Some(open) = open_target(world, id, target) else {
            continue;
        };
        let reason = Reason {
            word: reason::DEADLINE,
            detail: &detail,
        };
        cancel_run(world, open, decider)?;
        open.end(EndStatus::TimedOut, Some(reason), decider)?;
    }
    Ok(())
}
