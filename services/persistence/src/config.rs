use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

/// The configuration of the archive.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where NATS is: its fields have their own defaults and reasons.
    pub nats: bus::Config,
    /// Where `/livez`, `/readyz` and `/metrics` are served. Default: port 7004 of this
    /// machine, since whoever reaches it may read what is measured.
    pub listen: SocketAddr,
    /// The database: `sqlite://FILE`, made with its folder when it is not there, or
    /// `postgres://USER:PASSWORD@HOST/NAME`. Default: `sqlite://data/manyworlds.db`, which needs no server.
    pub database: String,
    /// Queries that may be at the database at once, each with a connection; more wait for their turn.
    /// Default: 8, which keeps a few cores busy and leaves connections to other replicas.
    pub database_queries_max: u32,
    /// Queries that may be in hand at once, those that wait for a commit included; more are told to
    /// come again. Default: 1024: they wait in memory.
    pub queries_max: usize,
    /// A query that names a commit is refused when the archive does not hold it after this long.
    /// Default: 5 s, shorter than the 6 s after which the one who asks gives up.
    #[serde(with = "humantime_serde")]
    pub wait_for_max: Duration,
    /// What is held at shutdown must be finished within this long. Default: 10 s: what waits for a commit
    /// takes 5 s at most, and Compose and Kubernetes grant 30 s.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7004)),
            database: "sqlite://data/manyworlds.db".to_owned(),
            database_queries_max: 8,
            queries_max: 1024,
            wait_for_max: Duration::from_secs(5),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password: only what is before it is shown.
        let scheme = self.database.split(':').next().unwrap_or_default();
        f.debug_struct("Config")
            .field("nats", &self.nats)
            .field("listen", &self.listen)
            .field("database", &format_args!("{scheme}:…"))
            .field("database_queries_max", &self.database_queries_max)
            .field("queries_max", &self.queries_max)
            .field("wait_for_max", &self.wait_for_max)
            .field("shutdown_grace", &self.shutdown_grace)
            .finish()
    }
}
