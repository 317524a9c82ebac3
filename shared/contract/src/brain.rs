//! Brains: what an agent thinks with.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ActionName, EntityId};
use crate::seconds;

/// What an agent thinks with: `{"script": {...}}`, `{"llm": {...}}`, `{"function": {...}}` or
/// `{"client": {}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Brain {
    /// Fixed rules and templates. It needs no key and always answers the same.
    Script(Script),
    /// A language model.
    Llm(Box<Llm>),
    /// Code of a worker that users build.
    Function {
        /// The action under which workers offer it.
        action: ActionName,
    },
    /// A client that is connected, and sends events in the agent's name. Workers never think for
    /// it, and it is not asked to answer in a chat.
    Client {},
}

impl Default for Brain {
    fn default() -> Self {
        Self::Script(Script::default())
    }
}

/// Fixed rules: the first whose `when` is in the message answers, else `default`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Script {
    /// Tried in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ScriptRule>,
    /// The answer when no rule fits. In an answer `{text}`, `{sender}` and `{agent}` stand for the
    /// message, who sent it, and this agent, and `{result}` for what came of the last call.
    #[serde(default = "default_reply")]
    pub default: String,
    /// The pause before each word, so that streaming can be seen.
    #[serde(default, with = "seconds", skip_serializing_if = "Duration::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub pause_seconds: Duration,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            default: default_reply(),
            pause_seconds: Duration::ZERO,
        }
    }
}

fn default_reply() -> String {
    "{agent} heard {sender} say: {text}".to_owned()
}

/// One rule of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptRule {
    /// The rule fits when the message contains this, whatever its case.
    pub when: String,
    /// The answer, once all `calls` are made.
    pub reply: String,
    /// What the agent makes use of before it answers, one after another: a call is made when what
    /// came of the one before is there. One that fails is the last. The world refuses the calls of
    /// an agent without `tools`; `tools: {}` is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub calls: Vec<ScriptCall>,
}

/// A call of an ability by a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptCall {
    /// Whose ability.
    pub entity: EntityId,
    /// Its name.
    pub ability: ActionName,
    /// What it is given. Strings in it are filled in as an answer is.
    #[serde(default = "nothing")]
    #[schema(value_type = serde_json::Value)]
    pub arguments: serde_json::Value,
    /// Whom the event is for, when it is not whose ability it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<EntityId>,
}

fn nothing() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// A language model. Its key is never here: it comes from the worker's environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Llm {
    /// The wire protocol.
    pub provider: Provider,
    /// The model's name, as its provider spells it.
    pub model: String,
    /// Where to call, when it is not the provider's own address. A worker sends a key only to
    /// addresses that its own configuration lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The system prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_prompt: String,
    /// The sampling temperature; the model's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The longest answer, in tokens; the model's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u32>,
    /// One call may take this long.
    #[serde(default = "default_call_timeout", with = "seconds")]
    #[schema(value_type = f64, default = 60)]
    pub call_timeout_seconds: Duration,
    /// Settings in which servers and models differ.
    #[serde(default, skip_serializing_if = "LlmOptions::is_default")]
    #[schema(required = false)]
    pub options: LlmOptions,
}

/// Settings in which servers and models differ. What is not set is not sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LlmOptions {
    /// How much the model reasons, as its provider names it: `low`, `high`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// OpenAI's protocol: whether `stream_options` is sent, so that a stream has its counts of tokens.
    /// Some servers reject it. Yes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<bool>,
    /// OpenAI's protocol: whether the longest answer is sent as `max_completion_tokens` instead of
    /// `max_tokens`. When absent, it is for OpenAI and Azure themselves, and not for other servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<bool>,
    /// Further headers. Those with a key are the worker's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Further fields of the body. Objects are merged, and `null` removes a field.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub body: serde_json::Map<String, serde_json::Value>,
}

impl LlmOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

const fn default_call_timeout() -> Duration {
    Duration::from_secs(60)
}

/// The wire protocols of language models that workers support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI's chat completions, and compatible servers.
    Openai,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own protocol.
    Ollama,
    /// Another server with OpenAI's chat completions. It has no address of its own: the agent's
    /// `base_url` or the worker's configuration names one.
    #[serde(alias = "openai-compatible")]
    OpenaiCompatible,
    /// OpenAI's models at Azure. It has no address of its own.
    Azure,
    /// xAI, with OpenAI's chat completions.
    Xai,
}
