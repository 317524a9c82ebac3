//! Interactions that nodes of a session have requested, until the session has their outcomes.

use contract::flow::NodeStep;
use contract::interaction::NewInteraction;
use contract::{InteractionId, Purpose, Rejection, RejectionCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::limits::AWAITED_MAX;
use crate::rejection::reject;
use crate::world::World;

/// The outcome of an interaction, which its session has not got yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NodeOutcome {
    pub(crate) interaction: InteractionId,
    /// The event during which it was requested.
    pub(crate) step: NodeStep,
    pub(crate) data: Box<RawValue>,
}

/// Checks that a session can wait for the outcome of another interaction, if a node requests it.
pub(crate) fn check_awaited(world: &World, new: &NewInteraction) -> Result<(), Rejection> {
    let run = new.run.and_then(|run| world.runs.get(run));
    let Some(Purpose::Node(step)) = run.map(|run| &run.purpose) else {
        return Ok(());
    };
    let session = world.sessions.get(step.session);
    let is_full = session.is_some_and(|session| session.awaited.len() >= AWAITED_MAX);
    if is_full && !new.volatile {
        let detail = format!("{AWAITED_MAX} interactions of the session have not ended");
        return Err(reject(RejectionCode::Busy, detail, None));
    }
    Ok(())
}
