//! What keeps a world cheap to wake, and removes it at its end.

use std::sync::Arc;
use std::time::Duration;

use contract::{Seq, Timestamp};
use service_kit::ErrorChain;
use tokio::task::JoinSet;
use tracing::{error, warn};

use crate::{Shared, loader, snapshot};
use rules::World;

/// Pause before a purge is tried again.
const PURGE_PAUSE: Duration = Duration::from_secs(1);

/// Snapshots and the purge of one world. Both need a state that is in the log.
pub(super) struct Upkeep {
    shared: Arc<Shared>,
    /// The snapshot on its way: one at a time, so that an older one never comes last.
    snapshot: JoinSet<()>,
    snapshot_at: Seq,
    commits_since_snapshot: u64,
}

impl Upkeep {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            snapshot: JoinSet::new(),
            snapshot_at: 0,
            commits_since_snapshot: 0,
        }
    }

    pub(super) fn woken(&mut self, world: &World) {
        self.snapshot_at = world.seq;
    }

    pub(super) fn landed(&mut self, stored: bool) {
        self.commits_since_snapshot += u64::from(stored);
        while self.snapshot.try_join_next().is_some() {}
    }

    pub(super) fn snapshot_due(&self) -> bool {
        self.commits_since_snapshot >= self.shared.config.snapshot_every && self.snapshot.is_empty()
    }

    /// Does what is due, on a state that is in the log.
    pub(super) async fn settled(&mut self, world: &mut World) {
        if self.snapshot_due() {
            self.keep_snapshot(world);
        }
        self.purge_if_due(world).await;
    }

    /// Ends what runs beside the actor, and leaves a snapshot for whoever wakes the world next.
    pub(super) async fn finish(&mut self, world: &World, is_current: bool) {
        while self.snapshot.join_next().await.is_some() {}
        if is_current && world.exists() && world.seq > self.snapshot_at {
            self.keep_snapshot(world);
        }
        while self.snapshot.join_next().await.is_some() {}
    }

    /// Writes a snapshot beside the actor. One that gets lost only makes the next waking slower.
    fn keep_snapshot(&mut self, world: &World) {
        self.commits_since_snapshot = 0;
        self.snapshot_at = world.seq;
        let state = match snapshot::encode(world) {
            Ok(state) => state,
            Err(error) => return error!(error = %ErrorChain(&error), "snapshot not written"),
        };
        let (shared, id, seq) = (self.shared.clone(), world.id.clone(), world.seq);
        self.snapshot.spawn(async move {
            if let Err(error) = shared.bus.snapshots().save(&id, seq, state.into()).await {
                warn!(world.id = %id, error = %ErrorChain(&error), "snapshot not kept");
            }
        });
    }

    /// Removes what is left of a world whose time after deletion is over.
    async fn purge_if_due(&self, world: &mut World) {
        let Some(deleted) = world.deleted_at() else {
            return;
        };
        if deleted + self.shared.config.deleted_kept > Timestamp::now() {
            return;
        }
        // The snapshot goes first: without it, a log that is still there is replayed.
        let bus = &self.shared.bus;
        let purged = async {
            bus.snapshots().remove(&world.id).await?;
            bus.log().purge(&world.id, world.seq).await
        };
        let again = match purged.await {
            Ok(()) => loader::load(bus, &world.id, 0)
                .await
                .map_err(|e| ErrorChain(&e).to_string()),
            Err(error) => Err(ErrorChain(&error).to_string()),
        };
        match again {
            Ok(woken) => *world = woken,
            Err(error) => {
                warn!(world.id = %world.id, error = %error, "deleted world not purged");
                tokio::time::sleep(PURGE_PAUSE).await;
            }
        }
    }
}
