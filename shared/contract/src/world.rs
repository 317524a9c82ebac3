//! Worlds as a whole: as people describe them, and as their log does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ability::{EventTypeVersion, Perception};
use crate::behaviour::{BadgePolicy, CustomAction, Definition, RoleSpec};
use crate::brain::Provider;
use crate::chat::Chat;
use crate::entity::Entity;
use crate::flow::FlowSpec;
use crate::id::{EntityId, FlowId, RoleName};
use crate::quota::Quota;
use crate::stream::{StreamRef, StreamSpec};
use crate::tool::McpServers;

/// A world as a person describes it: what `world create` and `world apply` take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorldSpec {
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Answers that one agent may give before a person, or the world, posts a message again.
    #[serde(default = "default_turn_limit")]
    #[schema(minimum = 1, maximum = 1000, default = 5)]
    pub turn_limit: u32,
    /// The agent, by id or name, that answers people who address nobody; all of them when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub main_agent: String,
    /// Lines of `NAME=value`: `{{NAME}}` in a system prompt stands for the value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variables: String,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// The model that names its chats; that of the first agent that has one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_model: Option<ChatModel>,
    /// The MCP servers that its agents may use, by name.
    #[serde(default, skip_serializing_if = "McpServers::is_empty")]
    pub mcp_servers: McpServers,
    /// What agents perceive of one another.
    #[serde(default, skip_serializing_if = "Perception::is_default")]
    pub perception: Perception,
    /// How the texts of its chats are read.
    #[serde(default, skip_serializing_if = "ChatDialect::is_default")]
    pub chat_dialect: ChatDialect,
    /// How much its log may hold. When that is used up, it stores only what ends or removes something.
    #[serde(default, skip_serializing_if = "Quota::is_unlimited")]
    pub quota: Quota,
    /// The custom actions that behaviours may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<CustomAction>,
    /// The roles of its entities, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, RoleSpec>)]
    pub roles: BTreeMap<RoleName, RoleSpec>,
    /// Whose suggestions of badges are recorded.
    #[serde(default, skip_serializing_if = "BadgePolicy::is_default")]
    pub badges: BadgePolicy,
    /// The behaviours of entities that have one of their own, by entity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, Object>)]
    pub behaviours: BTreeMap<EntityId, Definition>,
    /// The types of custom events that are checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_types: Vec<EventTypeVersion>,
    /// Who and what is in it.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Its conversations.
    #[serde(default)]
    pub chats: Vec<Chat>,
    /// Its streams of samples, by `owner:name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, StreamSpec>)]
    pub streams: BTreeMap<StreamRef, StreamSpec>,
    /// Its flows, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, FlowSpec>)]
    pub flows: BTreeMap<FlowId, FlowSpec>,
}

/// The most bytes that a description may have, as JSON.
pub const SPEC_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A description with more bytes, as JSON, is stored before it is applied: it may not fit in one commit.
const INLINE_BYTES_MAX: usize = 96 * 1024;
/// The same of its entities, chats and so on: each is an event at least.
const INLINE_ITEMS_MAX: usize = 200;

impl WorldSpec {
    /// Whether what is described may not fit in one commit; `bytes` is its size as JSON.
    pub fn is_large(&self, bytes: usize) -> bool {
        let items = [
            self.event_types.len(),
            self.entities.len(),
            self.chats.len(),
            self.streams.len(),
            self.behaviours.len(),
            self.flows.len(),
        ];
        bytes > INLINE_BYTES_MAX || items.into_iter().sum::<usize>() > INLINE_ITEMS_MAX
    }
}

impl Default for WorldSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            turn_limit: default_turn_limit(),
            main_agent: String::new(),
            variables: String::new(),
            metadata: BTreeMap::new(),
            chat_model: None,
            mcp_servers: McpServers::new(),
            perception: Perception::default(),
            chat_dialect: ChatDialect::default(),
            quota: Quota::default(),
            actions: Vec::new(),
            roles: BTreeMap::new(),
            badges: BadgePolicy::default(),
            behaviours: BTreeMap::new(),
            event_types: Vec::new(),
            entities: Vec::new(),
            chats: Vec::new(),
            streams: BTreeMap::new(),
            flows: BTreeMap::new(),
        }
    }
}

const fn default_turn_limit() -> u32 {
    5
}

/// What a world is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorldDescription {
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// See [`WorldSpec::turn_limit`](crate::WorldSpec::turn_limit).
    pub turn_limit: u32,
    /// See [`WorldSpec::main_agent`](crate::WorldSpec::main_agent).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub main_agent: String,
    /// See [`WorldSpec::variables`](crate::WorldSpec::variables).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variables: String,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// See [`WorldSpec::chat_model`](crate::WorldSpec::chat_model).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_model: Option<ChatModel>,
    /// See [`WorldSpec::mcp_servers`](crate::WorldSpec::mcp_servers).
    #[serde(default, skip_serializing_if = "McpServers::is_empty")]
    pub mcp_servers: McpServers,
    /// See [`WorldSpec::perception`](crate::WorldSpec::perception).
    #[serde(default, skip_serializing_if = "Perception::is_default")]
    pub perception: Perception,
    /// See [`WorldSpec::chat_dialect`](crate::WorldSpec::chat_dialect).
    #[serde(default, skip_serializing_if = "ChatDialect::is_default")]
    pub chat_dialect: ChatDialect,
    /// See [`WorldSpec::quota`](crate::WorldSpec::quota).
    #[serde(default, skip_serializing_if = "Quota::is_unlimited")]
    pub quota: Quota,
    /// The custom actions that behaviours may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<CustomAction>,
    /// The roles of its entities, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<RoleName, RoleSpec>,
    /// Whose suggestions of badges are recorded.
    #[serde(default, skip_serializing_if = "BadgePolicy::is_default")]
    pub badges: BadgePolicy,
}

/// A language model that a world uses for itself, such as for titles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatModel {
    /// The wire protocol.
    pub provider: Provider,
    /// The model's name, as its provider spells it. Empty means that there is no such model.
    pub model: String,
    /// See [`Llm::base_url`](crate::brain::Llm::base_url).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// How a world reads and writes the texts of its chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatDialect {
    /// As Agent World does: a line that begins with `@name` addresses an agent, `<world>` tags in a
    /// model's text name the recipients of its answer, and agents may answer one another up to a limit.
    #[default]
    AgentWorld,
    /// A text is only a text. People are answered by the main agent, or by every agent of the chat
    /// when the world has none; agents are answered by nobody.
    Plain,
}

impl ChatDialect {
    fn is_default(&self) -> bool {
        *self == Self::AgentWorld
    }
}
