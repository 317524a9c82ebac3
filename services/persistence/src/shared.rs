//! What every part of the archive uses.

use std::time::Duration;

use bus::Bus;
use contract::Seq;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::Config;
use crate::condition::Condition;
use crate::metrics::Metrics;
use crate::store::{self, Store};

/// How often a replica that does not write looks how far the database has come while a query waits.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    /// The last commit that the database was seen to hold.
    progress: watch::Sender<Seq>,
    pub(crate) database: Condition,
    pub(crate) log: Condition,
    /// Queries that may be at the database at once.
    pub(crate) at_database: Semaphore,
}

impl Shared {
    pub(crate) fn new(config: Config, bus: Bus) -> Result<Self, store::Error> {
        let queries_max = config.database_queries_max.max(1);
        let (progress, _) = watch::channel(0);
        Ok(Self {
            bus,
            store: Store::open(&config.database, queries_max)?,
            metrics: Metrics::new(),
            progress,
            database: Condition::new("database", Err("connecting".to_owned())),
            log: Condition::new("log", Ok(())),
            at_database: Semaphore::new(queries_max as usize),
            config,
        })
    }

    /// Looks how far the database has come.
    pub(crate) async fn look(&self) -> Result<Seq, store::Error> {
        let seq = self.store.checkpoint().await?;
        self.reached(seq);
        Ok(seq)
    }

    /// The database holds everything up to `seq`.
    pub(crate) fn reached(&self, seq: Seq) {
        self.database.is_back();
        self.progress.send_if_modified(|now| {
            let moved = *now != seq;
            *now = seq;
            moved
        });
    }

    pub(crate) fn progress(&self) -> Seq {
        *self.progress.borrow()
    }

    /// Returns once this process has brought the database to `seq`.
    pub(crate) async fn wait_until(&self, seq: Seq) {
        let mut progress = self.progress.subscribe();
        // An error can't be: the sender is in `self`.
        let _ = progress.wait_for(|now| *now >= seq).await;
    }

    /// Whether the database holds `seq`, now or within the time that a query may wait.
    pub(crate) async fn wait_for(&self, seq: Seq) -> bool {
        let until = Instant::now() + self.config.wait_for_max;
        let mut progress = self.progress.subscribe();
        while *progress.borrow_and_update() < seq {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return false,
                _ = progress.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {
                    // Whoever owns the connection to the database says when it is away.
                    let _ = self.look().await;
                }
            }
        }
        true
    }
}
