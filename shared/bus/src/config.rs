//! Where NATS is and how it keeps things.

use std::path::PathBuf;

use serde::Deserialize;

/// Where NATS is and how it keeps things.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Servers, joined by commas. Default: the local one.
    pub url: String,
    /// A credentials file, if the server wants one.
    pub credentials: Option<PathBuf>,
    /// Copies of each stream and bucket: 1 for one server, 3 in production. Streams that exist
    /// keep what they have.
    pub replicas: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            credentials: None,
            replicas: 1,
        }
    }
}
