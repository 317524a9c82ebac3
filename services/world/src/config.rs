use std::net::SocketAddr;
use std::time::Duration;

use contract::Quota;
use serde::Deserialize;

/// The configuration of the world service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The connection to NATS: its fields have their own defaults and reasons.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: port 7001 of this
    /// machine, since everybody who reaches it can read the metrics.
    pub listen: SocketAddr,
    /// A world that receives no request for this long is passivated. Default: 1 minute, so that it stays
    /// active during a conversation with pauses; activation takes milliseconds.
    #[serde(with = "humantime_serde")]
    pub idle_after: Duration,
    /// Commits between two snapshots of a world: activation replays at most about this many. Default:
    /// 1000, which are replayed within milliseconds; a snapshot writes the whole state.
    pub snapshot_every: u64,
    /// Whether each event is also published on `mw.evt.{world}.{type}`, for programs that subscribe to
    /// NATS itself. Default: no: no service here does, and a busy world spends more time on it than on
    /// anything else.
    pub publish_events: bool,
    /// A deleted world's log is purged after this long, unless another world of its id was created by then.
    /// Default: 1 hour: the archive must have read the deletion by then, even after an outage.
    #[serde(with = "humantime_serde")]
    pub deleted_kept: Duration,
    /// The most events and bytes that the log of one world may hold (`events`, `bytes`), whatever the quota of the
    /// world is. Default: as much as the broker has space for.
    pub quota_max: Quota,
    /// Requests that may wait for one world; further ones are rejected as `unavailable`, and their
    /// senders repeat them. Default: 4096, which a world handles in a fraction of a second.
    pub mailbox_max: usize,
    /// Reads of past states that may run at once; more wait. Default: 4: each folds a log from its
    /// beginning, and competes with the active worlds.
    pub past_reads_max: usize,
    /// Requests and deliveries in progress at shutdown must be finished within this long. Default: 10 s,
    /// far more than a commit takes; Compose and Kubernetes grant 30 s.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7001)),
            idle_after: Duration::from_mins(1),
            snapshot_every: 1000,
            publish_events: false,
            deleted_kept: Duration::from_hours(1),
            quota_max: Quota::default(),
            mailbox_max: 4096,
            past_reads_max: 4,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
