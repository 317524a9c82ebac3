//! What of a world changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ability::Perception;
use crate::quota::Quota;
use crate::tool::McpServers;
use crate::world::{ChatDialect, ChatModel};

/// What of a world changes; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct WorldUpdate {
    /// What people call it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its new limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_limit: Option<u32>,
    /// Its new main agent; none when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_agent: Option<String>,
    /// Its new variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<String>,
    /// Its new metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<BTreeMap<String, serde_json::Value>>,
    /// Its new model for titles; none when the model has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_model: Option<ChatModel>,
    /// Its new MCP servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_servers: Option<McpServers>,
    /// What agents perceive of one another now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perception: Option<Perception>,
    /// How the texts of its chats are read now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_dialect: Option<ChatDialect>,
    /// How much its log may hold now: both limits; `{}` takes them away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
}
