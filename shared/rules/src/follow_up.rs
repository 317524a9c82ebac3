//! The table of what follows from the state by itself.

use contract::Rejection;

use crate::decider::{Decider, FOLLOW_UPS_MAX};
use crate::world::World;
use crate::{chats, flows, interactions, minds, quota, runs};

/// Decides what follows from the state as it is now: agents that are free answer the message that has
/// waited longest for them, turns in which no answer is awaited end, runs of entities that were removed
/// are cancelled, runs begin that have waited for others of their entity, agents that something woke decide
/// what to do, and events of sessions move on. What does not fit in one commit is due at once, and follows
/// with the next.
pub(crate) fn follow_up(world: &World, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    chats::request_due_answers(world, FOLLOW_UPS_MAX, decider)?;
    let room = FOLLOW_UPS_MAX.saturating_sub(world.chats.answers_due());
    let silent = chats::end_finished_turns(world, room, decider)?;
    let room = room.saturating_sub(world.chats.finished_turns());
    runs::cancel_orphaned(world, room, decider)?;
    let room = room.saturating_sub(world.runs.orphaned().len());
    runs::start_due(world, room / 2, decider)?;
    interactions::follow_up(world, room / 2, decider)?;
    minds::follow_up(world, room / 2, decider)?;
    flows::follow_up(world, room / 2, decider)?;
    chats::request_titles(world, silent, decider)
}

/// Whether something follows from the state at once.
pub(crate) fn has_work(world: &World) -> bool {
    has_work_now(world) || world.behaviours.has_work() && !quota::is_used_up(world)
}

/// Whether something follows that is decided by [`follow_up`].
pub(crate) fn has_work_now(world: &World) -> bool {
    let has_orphans = world.runs.orphaned().len() > 0;
    world.chats.has_work()
        || world.interactions.has_work()
        || world.minds.has_work()
        || world.sessions.has_work()
        || has_orphans
        || runs::has_due(world)
}
