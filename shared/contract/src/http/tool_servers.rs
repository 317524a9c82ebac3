//! The servers whose tools agents have.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::tool::McpServer;
use crate::{EntityId, Seq};

/// Whose servers.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ToolServersQuery {
    /// Only those of this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<EntityId>,
}

/// The servers of a world whose tools its agents have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolServersResponse {
    /// By name.
    pub servers: Vec<ToolServerResponse>,
    /// The commit of the world that it shows.
    pub seq: Seq,
}

/// A server of a world, and how the workers stand to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolServerResponse {
    /// Its name in the world.
    pub name: String,
    /// What it is.
    pub server: McpServer,
    /// The agents that have its tools, by id.
    pub agents: Vec<EntityId>,
    /// Whether they can use it.
    pub status: ToolServerStatus,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The workers that replied.
    pub workers: u32,
    /// Those of them whose configuration does not allow the server.
    pub refused_by: u32,
}

/// Whether agents can use a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolServerStatus {
    /// No worker replied.
    NoWorker,
    /// The configuration of a worker does not allow it: answers of that worker are without its tools.
    Refused,
    /// The last attempt to connect to it failed.
    Failed,
    /// It is not connected, and will be when an agent needs it.
    Closed,
    /// It is about to be connected.
    Connecting,
    /// It is connected.
    Connected,
}
