//! What events change about a world as a whole.

use contract::{Fact, Timestamp};

use crate::dedup::CommandDedup;
use crate::world::World;

pub(crate) fn apply(world: &mut World, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::WorldCreated(description) => {
            // Nothing of an earlier world of this id is of this one. What was sent before its deletion does
            // nothing any more, and a repeated deletion gets its answer: the log has that commit alone. A late
            // snapshot may have the earlier world and no deletion, which was purged.
            let mut dedup = CommandDedup::default();
            if let Some(deleted_at) = world.deleted_at() {
                dedup = std::mem::take(&mut world.dedup);
                dedup.retain_commit(world.seq, deleted_at);
            }
            *world = World {
                seq: world.seq,
                at: world.at,
                created_at: at,
                description: Some(description.clone()),
                quota: world.quota.restarted(),
                dedup,
                ..World::new(world.id.clone())
            };
        }
        Fact::WorldUpdated(description) => world.description = Some(description.clone()),
        Fact::WorldDeleted(_) => delete(world),
        Fact::WorldApplyBegun(begun) => world.applying = Some(begun.command),
        Fact::WorldApplyEnded(_) => world.applying = None,
        _ => {}
    }
}

/// Only that it was deleted is remembered, and the commands, so that a repeat gets its answer.
fn delete(world: &mut World) {
    let dedup = std::mem::take(&mut world.dedup);
    let description = world.description.take();
    *world = World {
        seq: world.seq,
        at: world.at,
        description,
        deleted: true,
        quota: world.quota.restarted(),
        dedup,
        ..World::new(world.id.clone())
    };
}
