//! Worlds as they are described: created, and brought to a description, in one commit or in several.
//!
//! What does not fit in one commit is stored before it is applied, and takes as many commits as it needs. The first
//! begins with `world.apply_begun`; each of the others has what the world lacks still, as much as fits; the last ends
//! with `world.apply_ended`. So a service that takes the world over goes on with what is missing. Meanwhile nothing
//! else is decided, nothing follows by itself, and the world is shown as it was before.

use std::sync::Arc;

use contract::fact::{WorldApplyBegun, WorldApplyEnded};
use contract::{CommandId, Fact, Rejection, RejectionCode, WorldSpec};

use crate::decider::{Decider, PART_BYTES_MAX, size_bytes};
use crate::rejection::{reject, too_large};
use crate::world::World;
use crate::{behaviours, flows, worlds};

/// Creates a world as it is described.
pub(crate) fn create(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    worlds::create(world, spec, decider)?;
    fill(world, spec, decider)
}

fn fill(world: &World, spec: &WorldSpec, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    worlds::fill(world, spec, decider)?;
    behaviours::apply_spec(world, spec, decider)?;
    flows::apply_spec(world, spec, decider)
}

/// Brings a world to what is described; creates it where there is none.
pub(crate) fn apply(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if !world.exists() {
        return create(world, spec, decider);
    }
    worlds::apply_spec(world, spec, decider)?;
    behaviours::apply_spec(world, spec, decider)?;
    flows::apply_spec(world, spec, decider)
}

/// Begins to apply the description that is stored under the id of the command. All of it is decided, and refused as a
/// whole; what fits in one commit is made now.
pub(crate) fn begin_stored(
    world: &World,
    is_new: bool,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let command = decider.command();
    let Some(spec) = stored(world, command) else {
        let detail = "the description is not stored any more: send it again";
        return Err(reject(RejectionCode::Expired, detail, None));
    };
    let begun = Fact::WorldApplyBegun(WorldApplyBegun { command });
    if is_new || !world.exists() {
        worlds::create(world, &spec, decider)?;
        decider.push(begun)?;
        fill(world, &spec, decider)?;
    } else {
        decider.push(begun)?;
        apply(world, &spec, decider)?;
    }
    check_parts(decider)?;
    end_if_all_fits(decider)
}

/// Applies the next part of the description that is being applied.
pub(crate) fn apply_next_part(world: &World, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let spec = world.applying.and_then(|command| stored(world, command));
    let applied = match spec {
        Some(spec) => decider.transaction(|decider| apply(world, &spec, decider)),
        None => Err(too_large("the description is not stored any more", None)),
    };
    match applied {
        Ok(()) => end_if_all_fits(decider),
        // It was accepted as a whole. What can't be applied after all may not stop the world for ever.
        Err(rejection) => decider.push(ended(Some(rejection.detail))),
    }
}

fn stored(world: &World, command: CommandId) -> Option<Arc<WorldSpec>> {
    let stored = world.stored_spec.as_ref()?;
    let spec = stored.spec.as_ref()?;
    (stored.command == command).then(|| Arc::clone(spec))
}

fn end_if_all_fits(decider: &mut Decider<'_>) -> Result<(), Rejection> {
    match decider.keep_what_fits() {
        true => decider.push(ended(None)),
        false => Ok(()),
    }
}

fn ended(failed: Option<String>) -> Fact {
    Fact::WorldApplyEnded(WorldApplyEnded { failed })
}

/// Each event fits in a commit.
fn check_parts(decider: &Decider<'_>) -> Result<(), Rejection> {
    for decided in decider.events() {
        let bytes = size_bytes(&decided.event);
        if bytes > PART_BYTES_MAX {
            let detail = format!(
                "one {} has {bytes} bytes; at most {PART_BYTES_MAX} fit in one commit",
                decided.event.event_type
            );
            return Err(too_large(detail, None));
        }
    }
    Ok(())
}
