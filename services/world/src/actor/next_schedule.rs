//! When the broker is to wake a world.

use std::time::Duration;

use contract::Timestamp;
use rules::World;

use super::commit_builder::CommitBuilder;

/// The broker keeps a schedule for a year: a wake further away is scheduled in several steps.
const WAKE_HORIZON: Duration = Duration::from_hours(300 * 24);

/// The wake that the broker is to schedule for a commit. A deleted world is woken to be purged.
pub(super) fn wake_for(
    world: &World,
    builder: &CommitBuilder,
    deleted_kept: Duration,
) -> Option<Timestamp> {
    let now = builder.commit().at;
    match world.deleted_at() {
        Some(_) => builder.has_events().then(|| now + deleted_kept),
        // A wake that is due already is this actor's own, unless it ends with this commit.
        None => world
            .wake_wanted(now)
            .filter(|due| *due > now || builder.has_events())
            .map(|due| due.min(now + WAKE_HORIZON)),
    }
}
