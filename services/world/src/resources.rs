use std::sync::Arc;

use bus::Bus;
use contract::behaviour::DeclaredAction;
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::log_storage::LogStorage;
use crate::metrics::Metrics;
use crate::run_contexts::RunContexts;

/// What all tasks of the service use.
pub(crate) struct Resources {
    pub(crate) bus: Bus,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    /// The custom actions that workers have registered.
    pub(crate) registered_actions: watch::Receiver<Arc<[DeclaredAction]>>,
    /// Limits the reads of past states that run at once: each folds a whole log.
    pub(crate) past_reads: Semaphore,
    pub(crate) run_contexts: Arc<RunContexts>,
    pub(crate) storage: Arc<LogStorage>,
}

impl Resources {
    pub(crate) fn new(
        config: Config,
        bus: Bus,
        registered_actions: watch::Receiver<Arc<[DeclaredAction]>>,
    ) -> Self {
        Self {
            bus,
            registered_actions,
            metrics: Metrics::new(),
            past_reads: Semaphore::new(config.past_reads_max),
            run_contexts: Arc::default(),
            storage: Arc::default(),
            config,
        }
    }
}
