use std::sync::Arc;
use std::time::Duration;

use bus::KeptWeights;
use contract::{Seq, Timestamp};
use rules::World;
use service_kit::ErrorChain;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::append_in_flight::Appended;
use crate::resources::Resources;
use crate::{loader, snapshot};

/// Pause before a purge is tried again.
const PURGE_PAUSE: Duration = Duration::from_secs(1);

/// The versions of weights that are kept when newer ones have replaced them. A run that reads its context
/// before a newer version is there loads the one before; a run that has stored a version ends at once, but
/// its world may be unavailable for a while.
const KEPT_WEIGHTS: KeptWeights = KeptWeights {
    count: 64,
    age: Duration::from_hours(1),
};

/// Writes the snapshots of one world, and purges it when its time after deletion is over. Both need a
/// state that is in the log.
pub(super) struct Maintenance {
    resources: Arc<Resources>,
    /// The snapshot that is being stored: one at a time, so that an older one never replaces a newer.
    snapshot: JoinSet<()>,
    snapshot_at: Seq,
    commits_since_snapshot: u64,
    /// The deletion before which nothing is left of the world.
    cleared_at: Seq,
}

impl Maintenance {
    pub(super) fn new(resources: Arc<Resources>) -> Self {
        Self {
            resources,
            snapshot: JoinSet::new(),
            snapshot_at: 0,
            commits_since_snapshot: 0,
            cleared_at: 0,
        }
    }

    pub(super) fn on_activated(&mut self, world: &World) {
        self.snapshot_at = world.seq;
    }

    pub(super) fn on_appended(&mut self, appended: Appended) {
        self.commits_since_snapshot += u64::from(appended == Appended::Commit);
        while self.snapshot.try_join_next().is_some() {}
    }

    pub(super) fn is_snapshot_due(&self) -> bool {
        let every = self.resources.config.snapshot_every;
        self.commits_since_snapshot >= every && self.snapshot.is_empty()
    }

    /// Does what is due, on a state that is in the log.
    pub(super) async fn run(&mut self, world: &mut World, now: Timestamp) {
        // One of a half of a description would be shown as a past state.
        if self.is_snapshot_due() && world.applying().is_none() {
            self.save_snapshot(world);
        }
        self.purge_if_due(world, now).await;
    }

    /// Saves a snapshot for the next activation of the world, on a state that is in the log.
    pub(super) async fn save_last_snapshot(&mut self, world: &World) {
        self.finish().await;
        if world.exists() && world.applying().is_none() && world.seq > self.snapshot_at {
            self.save_snapshot(world);
        }
    }

    /// Waits until nothing runs in the background.
    pub(super) async fn finish(&mut self) {
        while self.snapshot.join_next().await.is_some() {}
    }

    /// Stores a snapshot in the background. One that gets lost only makes the next activation slower.
    fn save_snapshot(&mut self, world: &World) {
        // Those of the past are at equal distances.
        let is_regular = self.commits_since_snapshot >= self.resources.config.snapshot_every;
        self.commits_since_snapshot = 0;
        self.snapshot_at = world.seq;
        let state = match snapshot::encode(world) {
            Ok(state) => state,
            Err(error) => return error!(error = %ErrorChain(&error), "snapshot not encoded"),
        };
        let (resources, id, seq) = (self.resources.clone(), world.id.clone(), world.seq);
        let in_use = world.weights_in_use();
        self.snapshot.spawn(async move {
            let snapshots = resources.bus.snapshots();
            if is_regular
                && let Err(error) = resources.bus.past_snapshots().save(&id, seq, &state).await
            {
                warn!(world.id = %id, error = %ErrorChain(&error), "snapshot of the past not stored");
            }
            if let Err(error) = snapshots.save(&id, seq, state.into()).await {
                return warn!(world.id = %id, error = %ErrorChain(&error), "snapshot not stored");
            }
            if in_use.is_empty() {
                return;
            }
            // The next snapshot removes what this one does not.
            let removed = resources
                .bus
                .weights()
                .remove_unused(&id, &in_use, KEPT_WEIGHTS);
            if let Err(error) = removed.await {
                warn!(world.id = %id, error = %ErrorChain(&error), "old weights not removed");
            }
        });
    }

    /// Whether another world of this id may begin behind the deletion of this one.
    pub(super) fn is_cleared(&self, world: &World) -> bool {
        world.deleted_at().is_none() || self.cleared_at == world.seq
    }

    /// Removes all of a deleted world but its last commit, the deletion, before another begins. Readers
    /// that come with an older position find there that nothing is left to go on from, and the next one is
    /// appended behind it: a writer that still has the old world is refused by the log. Done twice, or not to
    /// the end, it changes nothing about what the world is.
    pub(super) async fn clear(&mut self, world: &World) {
        // A snapshot that is being stored would outlive its removal.
        self.finish().await;
        let bus = &self.resources.bus;
        let cleared = async {
            if bus.log().last_seq(&world.id).await? != world.seq {
                // Another writer has gone on: the log refuses what is decided now, and it is decided again.
                return Ok(());
            }
            bus.snapshots().remove(&world.id).await?;
            bus.past_snapshots().remove_all(&world.id).await?;
            bus.weights().remove_all(&world.id).await?;
            bus.log()
                .purge(&world.id, world.seq.saturating_sub(1))
                .await
        };
        match cleared.await {
            Ok(()) => self.cleared_at = world.seq,
            Err(error) => {
                warn!(world.id = %world.id, error = %ErrorChain(&error), "deleted world not cleared");
                tokio::time::sleep(PURGE_PAUSE).await;
            }
        }
    }

    /// Purges a world whose time after deletion is over.
    async fn purge_if_due(&self, world: &mut World, now: Timestamp) {
        let Some(deleted) = world.deleted_at() else {
            return;
        };
        if deleted + self.resources.config.deleted_kept > now {
            return;
        }
        // The snapshot goes first: without it, a log that is still there is replayed.
        let bus = &self.resources.bus;
        let purged = async {
            bus.snapshots().remove(&world.id).await?;
            bus.past_snapshots().remove_all(&world.id).await?;
            bus.weights().remove_all(&world.id).await?;
            bus.log().purge(&world.id, world.seq).await?;
            // Last: until the log is purged, a wake brings another attempt. What is left then is removed by
            // the wake that finds no world.
            bus.schedules().remove_all(&world.id, None).await
        };
        let loaded = match purged.await {
            Ok(()) => loader::load(bus, &world.id, 0)
                .await
                .map_err(|e| ErrorChain(&e).to_string()),
            Err(error) => Err(ErrorChain(&error).to_string()),
        };
        match loaded {
            Ok(loaded) => *world = loaded,
            Err(error) => {
                warn!(world.id = %world.id, error = %error, "deleted world not purged");
                tokio::time::sleep(PURGE_PAUSE).await;
            }
        }
    }
}
