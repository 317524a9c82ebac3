//! The configuration of a worker.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use crate::backoff::Backoff;

/// The configuration of a worker.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The connection to NATS.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: any free port of 127.0.0.1, so
    /// that several workers can run on one machine.
    pub listen: SocketAddr,
    /// Concurrent runs of one action; further runs wait in the queue, or go to other workers.
    /// Default: 64.
    pub slots_max: usize,
    /// At shutdown, runs in progress may take this long to end; then they are requeued for other
    /// workers. Default: 20 s, which fits into the 30 s that Kubernetes grants.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// The pauses between the attempts at one run.
    pub retry: Backoff,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            slots_max: 64,
            shutdown_grace: Duration::from_secs(20),
            retry: Backoff::default(),
        }
    }
}
