//! Runs: what workers take, the context that they get, and the result that they send.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ability::{AvailableAbility, EntityPatch};
use crate::chat::ChatMessage;
use crate::entity::Entity;
use crate::event::NewEvent;
use crate::flow::{NodeContext, NodeOutput};
use crate::id::{ActionName, ChatId, EntityId, MessageId, RunId, WorldId};
use crate::interaction::InteractionContext;
use crate::mind::{MindContext, MindUpdate};
use crate::timestamp::Timestamp;
use crate::tool::{McpServers, ToolCall, ToolStep};
use crate::usage::Usage;

/// One run of an action, as it waits in the work queue: ids and arguments, no more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// Which run; also the message id in the queue, so that a second dispatch is dropped.
    pub id: RunId,
    /// The world that wants it.
    pub world: WorldId,
    /// The name under which workers offer it.
    pub action: ActionName,
    /// Whose action it is.
    #[serde(rename = "agent", alias = "entity")]
    pub entity: EntityId,
    /// The ability of that entity that it runs; its arguments are then the event
    /// ([`Event`](crate::Event)) that triggered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability: Option<ActionName>,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// The chat in which it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The turn that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<MessageId>,
    /// If it has not ended by then, it has failed.
    pub deadline: Timestamp,
    /// The [`RunContext`] as it was when the run was dispatched. Without it, a worker requests one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<RawValue>>,
}

/// What a worker needs for a run: the world's reply to `Request::Context`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunContext {
    /// Whose action it is, with its configuration.
    #[serde(rename = "agent", alias = "entity")]
    pub entity: Entity,
    /// What of the chat is for it, oldest first; the message to answer comes last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<ChatMessage>,
    /// The other agents of the chat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<EntityId>,
    /// What the agent has done so far to answer the last message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<ToolStep>,
    /// The MCP servers that it may use.
    #[serde(default, skip_serializing_if = "McpServers::is_empty")]
    pub mcp_servers: McpServers,
    /// The call of a tool that is to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<ToolCall>,
    /// The abilities, of its own and of others, that the agent may make use of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<AvailableAbility>,
    /// What the agent knows, when the run thinks for an agent with a mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub situation: Option<Box<MindContext>>,
    /// The steps of an interaction that it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Box<InteractionContext>>,
    /// The event of a session that it handles for a node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Box<NodeContext>>,
}

/// How a run ended, in the words of its worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every run succeeds, and an outcome is held once"
)]
pub enum RunOutcome {
    /// It succeeded.
    Completed(RunResult),
    /// It failed for good: no further attempt is made.
    Failed {
        /// A word for programs, such as `model_timeout`.
        code: String,
        /// A sentence for people.
        reason: String,
    },
}

/// What came of a run. All of it enters the log together, once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RunResult {
    /// A message that its agent posts in the run's chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The tools that its agent's model calls before it answers. `message` is not posted then: it is
    /// the text before the calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// What an agent with a mind has thought, in a run that thinks for it. Its `calls` are then those
    /// of abilities that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thought: Option<MindUpdate>,
    /// Changes of entities. One that is not allowed, or was made from a state that is not there any
    /// more, refuses the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<EntityPatch>,
    /// Events that its agent sends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<NewEvent>,
    /// The samples that its entity writes: one for each step of an interaction that it did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Box<RawValue>>,
    /// The new version of the weights of its entity's processor, in a run that learns. They are stored
    /// before the run ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// The mean loss of the samples, in a run that learns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// What it does in its session, in a run of a node. The text of an answer is `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeOutput>,
    /// The result itself, for clients that wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<RawValue>>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// How many times a run is attempted before it has failed.
pub const ATTEMPTS_MAX: u32 = 5;

/// A worker without a sign of life for this long has failed: its runs go to another.
pub const ACK_WAIT: Duration = Duration::from_secs(5);
