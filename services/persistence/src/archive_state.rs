//! The state that all tasks of the archive share.

use std::time::Duration;

use bus::Bus;
use contract::Seq;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::config::Config;
use crate::dependency::DependencyStatus;
use crate::metrics::Metrics;
use crate::store::{self, Store};

/// How often a replica that does not write reads the checkpoint while a query waits for it.
const CHECKPOINT_POLL_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) struct ArchiveState {
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    /// The last commit that the database holds, as far as this process knows.
    checkpoint: watch::Sender<Seq>,
    /// The commit for which a query began to wait last.
    awaited: watch::Sender<Seq>,
    pub(crate) database: DependencyStatus,
    pub(crate) log: DependencyStatus,
    /// One permit for each query that may use the database at the same time.
    pub(crate) query_permits: Semaphore,
}

impl ArchiveState {
    pub(crate) fn new(config: Config, bus: Bus) -> Result<Self, store::Error> {
        let queries_max = config.database_queries_max.max(1);
        let (checkpoint, _) = watch::channel(0);
        let (awaited, _) = watch::channel(0);
        Ok(Self {
            bus,
            store: Store::open(&config.database, queries_max)?,
            metrics: Metrics::new(),
            checkpoint,
            awaited,
            database: DependencyStatus::new("database", Err("connecting".to_owned())),
            log: DependencyStatus::new("log", Ok(())),
            query_permits: Semaphore::new(queries_max as usize),
            config,
        })
    }

    /// Reads the checkpoint from the database.
    pub(crate) async fn refresh_checkpoint(&self) -> Result<Seq, store::Error> {
        let seq = self.store.checkpoint().await?;
        self.set_checkpoint(seq);
        Ok(seq)
    }

    /// Notes that the database is available and holds everything up to `seq`.
    pub(crate) fn set_checkpoint(&self, seq: Seq) {
        self.database.set_up();
        self.checkpoint.send_if_modified(|checkpoint| {
            let is_changed = *checkpoint != seq;
            *checkpoint = seq;
            is_changed
        });
    }

    pub(crate) fn checkpoint(&self) -> Seq {
        *self.checkpoint.borrow()
    }

    /// Returns once this process has noted a checkpoint of at least `seq`.
    pub(crate) async fn checkpoint_reaches(&self, seq: Seq) {
        let mut checkpoint = self.checkpoint.subscribe();
        // An error is impossible: the sender is in `self`.
        let _ = checkpoint.wait_for(|checkpoint| *checkpoint >= seq).await;
    }

    /// The commit for which a query began to wait last.
    pub(crate) fn awaited(&self) -> watch::Receiver<Seq> {
        self.awaited.subscribe()
    }

    /// Waits until the database holds `seq`, at most `wait_for_max`. Returns whether it does.
    pub(crate) async fn wait_for_commit(&self, seq: Seq) -> bool {
        let deadline = Instant::now() + self.config.wait_for_max;
        let mut checkpoint = self.checkpoint.subscribe();
        if *checkpoint.borrow() < seq {
            self.awaited.send_replace(seq);
        }
        while *checkpoint.borrow_and_update() < seq {
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => return false,
                _ = checkpoint.changed() => {}
                () = tokio::time::sleep(CHECKPOINT_POLL_INTERVAL) => {
                    // The task that archives reports an unavailable database.
                    let _ = self.refresh_checkpoint().await;
                }
            }
        }
        true
    }
}
