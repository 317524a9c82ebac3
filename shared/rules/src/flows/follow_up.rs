//! What sessions do next by themselves.

use contract::{EntityId, Rejection};

use super::cascade::Cascade;
use crate::decider::{COMMAND_BYTES_MAX, Decider};
use crate::world::World;

/// Decides what follows in the sessions in which something does, of at most so many events.
pub(crate) fn follow_up(
    world: &World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let begun = decider.events().len();
    let mut requested = Vec::new();
    for id in world.sessions.due() {
        let is_full =
            decider.events().len() - begun >= most || decider.size_bytes() >= COMMAND_BYTES_MAX / 2;
        if is_full {
            break;
        }
        let Some(mut cascade) = Cascade::begin(world, id, decider) else {
            continue;
        };
        if cascade.session.left {
            cascade.end_session("left", EntityId::world())?;
            continue;
        }
        cascade.requested = requested;
        cascade.end_calls()?;
        cascade.send_outcomes()?;
        cascade.pump()?;
        cascade.finish()?;
        requested = cascade.requested;
    }
    Ok(())
}
