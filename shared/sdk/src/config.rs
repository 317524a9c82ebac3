//! A worker's configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

/// The configuration of a worker.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NATS is.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: any free port of 127.0.0.1, so
    /// that several workers can run on one machine.
    pub listen: SocketAddr,
    /// Runs of one action at a time; further ones wait in the queue, or go to other workers.
    /// Default: 64.
    pub slots_max: usize,
    /// At shutdown, what is running may take this long to end; the rest is given to other workers.
    /// Default: 20 s, which fits the 30 s that Kubernetes grants.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// The pauses between the attempts at one invocation.
    pub retry: Retry,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            slots_max: 64,
            shutdown_grace: Duration::from_secs(20),
            retry: Retry::default(),
        }
    }
}

/// Pauses that double from `pause_min` to `pause_max`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// The first pause. Default: 500 ms.
    #[serde(with = "humantime_serde")]
    pub pause_min: Duration,
    /// The longest pause. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub pause_max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            pause_min: Duration::from_millis(500),
            pause_max: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// The pause after attempt number `attempt`, from 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        self.pause_min
            .saturating_mul(1 << doublings)
            .min(self.pause_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry {
            pause_min: Duration::from_secs(1),
            pause_max: Duration::from_secs(5),
        };
        let pauses: Vec<u64> = (1..=5)
            .map(|attempt| retry.pause(attempt).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        assert_eq!(retry.pause(u32::MAX), Duration::from_secs(5));
    }
}
