//! How runs begin that were queued, and how runs end.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::{ActionName, EntityId, MessageId, RunId};
use crate::timestamp::Timestamp;
use crate::tool::ToolCall;
use crate::usage::Usage;

/// See `Fact::ActionStarted`. It has all that a worker is given, as `action.requested` has for a run that is
/// not queued.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionStarted {
    /// Which run.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// The name under which workers offer its action.
    pub action: ActionName,
    /// Whose action it is.
    #[serde(rename = "agent", alias = "entity")]
    pub entity: EntityId,
    /// The ability of its entity that it runs.
    pub ability: ActionName,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// The message on the way to whose answer it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The turn that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<MessageId>,
    /// If it has not ended by then, it has failed.
    pub deadline: Timestamp,
}

/// See `Fact::ActionCompleted`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionCompleted {
    /// Which run.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// The call of a tool that it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<RawValue>>,
    /// The text of its agent's model before the calls.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// The tools that it called: the agent goes on when all of them have answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// See `Fact::ActionFailed`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionFailed {
    /// Which run.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// The call of a tool that it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// A word for programs, such as `model_timeout`.
    pub code: String,
    /// A sentence for people.
    pub reason: String,
}

/// See `Fact::ActionCancelled`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionCancelled {
    /// Which run.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// The call of a tool that it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
}
