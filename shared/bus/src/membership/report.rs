//! What members report about themselves.

use contract::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a member reports about itself with its heartbeats, for people who look at the system. Nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberReport {
    /// When it began to be a member.
    pub since: Timestamp,
    /// Its version.
    pub version: String,
    /// Why it is not ready; empty when it is.
    #[serde(default)]
    pub problems: Vec<String>,
    /// What its kind of service has to show: how far it is, how much it does.
    #[serde(default)]
    pub status: Map<String, Value>,
}

/// Makes the report of a member, for each heartbeat.
pub(super) type MakeReport = Box<dyn Fn() -> (Vec<String>, Map<String, Value>) + Send + Sync>;
