use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

/// The configuration of the world service.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NATS is: its fields have their own defaults and reasons.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: port 7001 of this
    /// machine, since whoever reaches it may read what is measured.
    pub listen: SocketAddr,
    /// A world that nobody asks anything for this long is put to sleep. Default: 1 minute, so that a
    /// conversation with pauses stays awake; waking takes milliseconds.
    #[serde(with = "humantime_serde")]
    pub idle_after: Duration,
    /// Commits between two snapshots of a world: waking replays at most about this many. Default: 1000,
    /// which are replayed within milliseconds; a snapshot writes the whole state.
    pub snapshot_every: u64,
    /// Whether each event is also published on `mw.evt.{world}.{type}`, for programs that listen to
    /// NATS itself. Default: no: nothing of ours does, and a busy world spends more on it than on anything
    /// else.
    pub publish_events: bool,
    /// A deleted world's log is purged after this long; only then is its id free again. Default: 1 hour:
    /// the archive must have seen the deletion by then, even if it was away.
    #[serde(with = "humantime_serde")]
    pub deleted_kept: Duration,
    /// Requests that may wait for one world; more are told to come again. Default: 4096, which a world
    /// works off in a fraction of a second.
    pub mailbox_max: usize,
    /// Reads of past states that may run at once; more wait. Default: 4: each folds a log from its
    /// beginning, beside the worlds that are awake.
    pub past_reads_max: usize,
    /// What is held at shutdown must be finished within this long. Default: 10 s, far more than a commit
    /// takes; Compose and Kubernetes grant 30 s.
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
            mailbox_max: 4096,
            past_reads_max: 4,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
