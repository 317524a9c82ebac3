use bus::Bus;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::metrics::Metrics;

/// What all tasks of the service use.
pub(crate) struct Resources {
    pub(crate) bus: Bus,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    /// Limits the reads of past states that run at once: each folds a whole log.
    pub(crate) past_reads: Semaphore,
}

impl Resources {
    pub(crate) fn new(config: Config, bus: Bus) -> Self {
        Self {
            bus,
            metrics: Metrics::new(),
            past_reads: Semaphore::new(config.past_reads_max),
            config,
        }
    }
}
