//! Processors behind HTTP.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::seconds;

/// A processor that is a server: `POST URL/forward` and `POST URL/backward`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HttpProcessor {
    /// Where it is: `http://` or `https://`, a host and a path. The workers' configuration has to allow
    /// it, unless it is on their own machine.
    pub url: String,
    /// One request may take this long.
    #[serde(default = "default_timeout", with = "seconds")]
    #[schema(value_type = f64, default = 60)]
    pub timeout_seconds: Duration,
}

const fn default_timeout() -> Duration {
    Duration::from_secs(60)
}
