//! Entities: who and what is in a world.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ability::Ability;
use crate::brain::Brain;
use crate::id::{EntityId, RoleName};
use crate::mind::MindConfig;
use crate::processor::Processor;
use crate::seconds;
use crate::tool::ToolAccess;

/// Something with an id in a world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entity {
    /// Its id; `world` is taken by the world itself.
    pub id: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// What people call it; its id when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How it thinks and answers: agents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentConfig>,
    /// What it is, for models and people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its role in the world, such as `student`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// Whether it may change the roles of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub master: bool,
    /// What it can do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abilities: Vec<Ability>,
    /// Its state: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub state: Option<serde_json::Value>,
    /// What its state must hold: a JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub state_schema: Option<serde_json::Value>,
    /// How often its state, its holder or its place has changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(read_only)]
    pub revision: u64,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<EntityId>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: BTreeMap<String, serde_json::Value>,
}

impl Entity {
    /// An entity of which no more than this is known.
    pub fn new(id: EntityId, kind: EntityKind) -> Self {
        Self {
            id,
            kind,
            name: String::new(),
            agent: None,
            description: String::new(),
            role: None,
            master: false,
            abilities: Vec::new(),
            state: None,
            state_schema: None,
            revision: 0,
            held_by: None,
            location: None,
            metadata: BTreeMap::new(),
        }
    }

    /// What people call it.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            self.id.as_str()
        } else {
            &self.name
        }
    }
}

/// The kinds of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// It has a brain, and answers.
    Agent,
    /// It has state, and is acted upon.
    Object,
    /// A person, or a program that acts for one.
    User,
}

/// How an agent thinks and answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentConfig {
    /// What it thinks with.
    #[serde(default)]
    pub brain: Brain,
    /// Messages of the chat that it is given to think about, newest last.
    #[serde(default = "default_context_messages")]
    #[schema(minimum = 1, maximum = 200, default = 20)]
    pub context_messages: u32,
    /// Whether its answer to another agent addresses that one, when it addresses nobody itself.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[schema(default = true)]
    pub auto_reply: bool,
    /// One answer may take this long in all, its retries included; then it has failed.
    #[serde(default = "default_turn_timeout", with = "seconds")]
    #[schema(value_type = f64, default = 120)]
    pub turn_timeout_seconds: Duration,
    /// The tools that its model may call; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolAccess>,
    /// What makes it act by itself; without one it only answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mind: Option<Box<MindConfig>>,
    /// What processes samples for it; its brain, for texts, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<Box<Processor>>,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            brain: Brain::default(),
            context_messages: default_context_messages(),
            auto_reply: true,
            turn_timeout_seconds: default_turn_timeout(),
            tools: None,
            mind: None,
            processor: None,
        }
    }
}

pub(crate) const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_true(value: &bool) -> bool {
    *value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

const fn default_context_messages() -> u32 {
    20
}

const fn default_turn_timeout() -> Duration {
    Duration::from_secs(120)
}
