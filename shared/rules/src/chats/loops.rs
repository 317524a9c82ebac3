//! Tool loops that end before their answers.

use contract::Rejection;

use crate::decider::Decider;
use crate::interactions;
use crate::tools::{self, LoopOwner};
use crate::world::World;

/// Cancels the calls that the owner of a loop waits for: runs, approvals and requests.
pub(super) fn cancel_loop(
    world: &World,
    owner: &LoopOwner,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    tools::cancel_loop(world, owner, decider)?;
    for id in tools::open_requests(world, owner) {
        interactions::cancel_targets(world, id, decider)?;
    }
    Ok(())
}
