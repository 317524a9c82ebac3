//! The registration of event types.

use contract::ability::EventTypeVersion;
use contract::{Fact, Rejection};

use super::check::check_registration;
use super::state::Version;
use crate::decider::Decider;
use crate::world::World;

pub(crate) fn register(
    world: &World,
    wanted: &EventTypeVersion,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let versions = world.event_types.versions(&wanted.event_type);
    if is_known(versions, wanted) {
        return Ok(());
    }
    check_registration(world, wanted, "")?;
    decider.push(Fact::EventTypeRegistered(wanted.clone()))
}

fn is_known(versions: Option<&[Version]>, wanted: &EventTypeVersion) -> bool {
    let mut versions = versions.into_iter().flatten();
    versions.any(|known| {
        known.version == wanted.version
            && known.description == wanted.description
            && known.schema == wanted.schema
    })
}
