//! Grace periods that are over.

use contract::{EntityId, Fact, PresenceEnded, Rejection};

use super::limits::ENTITIES_MAX;
use crate::decider::Decider;
use crate::schedule::Due;
use crate::world::World;

/// Ends the presence of all entities whose grace period is over, with one event: of so many as it may
/// have.
pub(crate) fn end_due(world: &World, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let due = world.schedule.due_at(decider.now());
    let entities = due.filter_map(|due| match due {
        Due::Presence(entity) => Some(entity.clone()),
        _ => None,
    });
    let entities: Vec<EntityId> = entities.take(ENTITIES_MAX).collect();
    if entities.is_empty() {
        return Ok(());
    }
    decider.push(Fact::PresenceEnded(PresenceEnded { entities }))
}
