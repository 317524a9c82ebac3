//! The state that all tasks of the archive share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::Bus;
use contract::Seq;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::config::Config;
use crate::dependency::DependencyStatus;
use crate::metrics::Metrics;
use crate::store::{self, Checkpoint, Store};

/// How often a replica that does not write reads the checkpoint while a query waits for it.
const CHECKPOINT_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The reason when a write failed for want of space.
pub(crate) const DISK_FULL: &str = "the disk of the database is full";

/// The reason when the file of the database is no database any more, or not all of one.
pub(crate) const MALFORMED: &str =
    "its file is malformed: put a copy in its place, or run `manyworlds rebuild`";

/// The state until the database was compared with the log.
pub(crate) const STARTING: &str = "starting: the database has not been compared with the log yet";

pub(crate) struct ArchiveState {
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    /// How far the database has come, as far as this process knows.
    checkpoint: watch::Sender<Checkpoint>,
    /// The commit for which a query began to wait last.
    awaited: watch::Sender<Seq>,
    /// Whether the database can be read.
    pub(crate) database: DependencyStatus,
    /// Whether the database can be written, as far as this process has tried.
    pub(crate) storage: DependencyStatus,
    pub(crate) log: DependencyStatus,
    /// Whether what the database holds is complete, and belongs to the log.
    pub(crate) archive: DependencyStatus,
    /// Whether a query has found that the file of the database is malformed, and it is the same file still.
    is_malformed: AtomicBool,
    /// One permit for each query that may use the database at the same time.
    pub(crate) query_permits: Semaphore,
}

impl ArchiveState {
    pub(crate) fn new(config: Config, bus: Bus) -> Result<Self, store::Error> {
        let queries_max = config.database_queries_max.max(1);
        let (checkpoint, _) = watch::channel(Checkpoint::default());
        let (awaited, _) = watch::channel(0);
        Ok(Self {
            bus,
            store: Store::open(&config.database, queries_max)?,
            metrics: Metrics::new(),
            checkpoint,
            awaited,
            database: DependencyStatus::new("database", Err("connecting".to_owned())),
            storage: DependencyStatus::new("storage", Ok(())),
            log: DependencyStatus::new("log", Ok(())),
            archive: DependencyStatus::new("archive", Err(STARTING.to_owned())),
            is_malformed: AtomicBool::new(false),
            query_permits: Semaphore::new(queries_max as usize),
            config,
        })
    }

    /// Notes that the file of the database is malformed, or that another is in its place.
    pub(crate) fn set_malformed(&self, is_malformed: bool) {
        self.is_malformed.store(is_malformed, Ordering::Relaxed);
    }

    /// Whether a query has found that the file of the database is malformed. Other pages may be whole.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_malformed.load(Ordering::Relaxed)
    }

    /// Reads the checkpoint from the database.
    pub(crate) async fn refresh_checkpoint(&self) -> Result<Checkpoint, store::Error> {
        let checkpoint = self.store.checkpoint().await?;
        self.note(&checkpoint);
        Ok(checkpoint)
    }

    /// Notes a checkpoint that was compared with the log, or written here.
    pub(crate) fn accept(&self, checkpoint: &Checkpoint) {
        self.note(checkpoint);
        if checkpoint.is_rebuilding() {
            let until = checkpoint.rebuild_until;
            let reason = format!("rebuilding: complete at commit {until}");
            self.archive.set_waiting(&reason);
        } else {
            self.archive.set_up();
        }
    }

    /// Notes that the database is available, and how far it has come.
    fn note(&self, checkpoint: &Checkpoint) {
        self.database.set_up();
        self.checkpoint.send_if_modified(|known| {
            let is_changed = known != checkpoint;
            known.clone_from(checkpoint);
            is_changed
        });
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.checkpoint.borrow().clone()
    }

    /// Returns once this process has noted that nothing is rebuilt.
    pub(crate) async fn completed(&self) {
        let mut checkpoint = self.checkpoint.subscribe();
        // An error is impossible: the sender is in `self`.
        let _ = checkpoint.wait_for(Checkpoint::is_complete).await;
    }

    /// The commit for which a query began to wait last.
    pub(crate) fn awaited(&self) -> watch::Receiver<Seq> {
        self.awaited.subscribe()
    }

    /// Waits until the database holds `seq`, at most `wait_for_max`. Returns whether it does.
    pub(crate) async fn wait_for_commit(&self, seq: Seq) -> bool {
        let deadline = Instant::now() + self.config.wait_for_max;
        let mut checkpoint = self.checkpoint.subscribe();
        if checkpoint.borrow().position.seq < seq {
            self.awaited.send_replace(seq);
        }
        while checkpoint.borrow_and_update().position.seq < seq {
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
