//! Calls that wait for a person.

use contract::tool::Approval;

use crate::world::World;

/// All of them, oldest first. Their ids are hashes, which have no order.
pub(super) fn approvals(world: &World) -> Vec<&Approval> {
    let mut approvals: Vec<_> = world.tools.approvals().values().collect();
    approvals.sort_by_key(|approval| (approval.asked_at, approval.id));
    approvals
}
