//! Whether a session has room for what its nodes request of others.

use contract::interaction::NewInteraction;
use contract::{Purpose, Rejection, RejectionCode};

use super::limits::AWAITED_MAX;
use crate::rejection::reject;
use crate::world::World;

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
