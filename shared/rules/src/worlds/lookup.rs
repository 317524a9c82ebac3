//! Whether a world is there.

use contract::world::WorldDescription;
use contract::{Rejection, RejectionCode};

use crate::rejection::reject;
use crate::world::World;

/// The description of a world that was created and not deleted.
pub(crate) fn require_world(world: &World) -> Result<&WorldDescription, Rejection> {
    match &world.description {
        _ if world.deleted => Err(reject(
            RejectionCode::WorldDeleted,
            format!("the world {} was deleted", world.id),
            None,
        )),
        Some(description) => Ok(description),
        None => Err(reject(
            RejectionCode::UnknownWorld,
            format!("there is no world {}", world.id),
            None,
        )),
    }
}
