use std::sync::Arc;

use bus::Bus;
use contract::behaviour::DeclaredAction;
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::readiness::Readiness;
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
    /// Whether the log has storage, by its last answer.
    pub(crate) storage: Readiness,
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
            storage: Readiness::default(),
            config,
        }
    }
}
