//! The configuration, its defaults and their reasons.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

/// The configuration of the archive.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The NATS server: its fields have their own defaults and reasons.
    pub nats: bus::Config,
    /// The address of `/livez`, `/readyz` and `/metrics`. Default: port 7004 of the loopback
    /// interface, since the metrics are readable without authentication.
    pub listen: SocketAddr,
    /// The database: `sqlite://FILE`, created with its folder if missing, or
    /// `postgres://USER:PASSWORD@HOST/NAME`. Default: `sqlite://data/manyworlds.db`, which needs no
    /// server.
    pub database: String,
    /// Whether a database that does not belong to the log is emptied and filled again by itself.
    /// Default: no. Until somebody runs `manyworlds rebuild`, queries are then refused: what the database
    /// holds may be all that is left of a log that was lost.
    pub rebuild_on_mismatch: bool,
    /// How many queries may use the database at the same time, each with a connection; others wait.
    /// Default: 8, which keeps a few cores busy and leaves connections to other replicas.
    pub database_queries_max: u32,
    /// How many queries of a kind may be in progress, including those that wait for a commit;
    /// others are rejected as unavailable. Default: 1024, since they wait in memory.
    pub queries_max: usize,
    /// A query that names a commit is rejected if the archive does not hold it after this long.
    /// Default: 5 s, shorter than the 6 s timeout of the client.
    #[serde(with = "humantime_serde")]
    pub wait_for_max: Duration,
    /// How long queries in progress may take at shutdown. Default: 10 s: a query waits for a commit
    /// for 5 s at most, and Compose and Kubernetes grant 30 s.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nats: bus::Config::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7004)),
            database: "sqlite://data/manyworlds.db".to_owned(),
            rebuild_on_mismatch: false,
            database_queries_max: 8,
            queries_max: 1024,
            wait_for_max: Duration::from_secs(5),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may contain a password: only its scheme is shown.
        let scheme = self.database.split(':').next().unwrap_or_default();
        f.debug_struct("Config")
            .field("nats", &self.nats)
            .field("listen", &self.listen)
            .field("database", &format_args!("{scheme}:…"))
            .field("rebuild_on_mismatch", &self.rebuild_on_mismatch)
            .field("database_queries_max", &self.database_queries_max)
            .field("queries_max", &self.queries_max)
            .field("wait_for_max", &self.wait_for_max)
            .field("shutdown_grace", &self.shutdown_grace)
            .finish()
    }
}
