//! The bodies of requests, as the description of the interface has them. A handler reads the fields one by one, so
//! that it reports all that are invalid at once; fields that are not listed are ignored.
#![expect(
    dead_code,
    reason = "the description is made of these types, and no value is"
)]

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What a world is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateWorldBody {
    /// Its name, with at least one Latin letter or digit: its id is made of it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(flatten)]
    settings: WorldSettings,
}

/// What changes of a world.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateWorldBody {
    /// Its name, with at least one Latin letter or digit.
    #[schema(required = false, min_length = 1, max_length = 100)]
    name: String,
    #[serde(flatten)]
    settings: WorldSettings,
}

/// The settings of a world; null removes one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorldSettings {
    description: Option<String>,
    /// How many answers an agent may give until a person sends a message.
    #[schema(required = false, minimum = 1, maximum = 1000)]
    turn_limit: u32,
    main_agent: Option<String>,
    /// The provider of the model that titles chats.
    #[serde(rename = "chatLLMProvider")]
    chat_llm_provider: Option<ProviderName>,
    /// The model that titles chats.
    #[serde(rename = "chatLLMModel")]
    chat_llm_model: Option<String>,
    /// The MCP servers, as `mcpServers` or `servers`: an object, or its JSON as a text.
    #[schema(value_type = Option<Value>)]
    mcp_config: Option<Value>,
    /// Variables, `name=value` each on a line.
    variables: Option<String>,
    /// How much models reason: a word of their provider.
    #[serde(rename = "reasoning_effort")]
    reasoning_effort: Option<String>,
}

/// A provider of language models.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProviderName {
    Openai,
    Anthropic,
    Google,
    Ollama,
    OpenaiCompatible,
    Azure,
    Xai,
}

/// What an agent is to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateAgentBody {
    /// Its name, with at least one Latin letter or digit: its id is made of it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(flatten)]
    settings: AgentSettings,
}

/// What changes of an agent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateAgentBody {
    /// Its name.
    #[schema(required = false, min_length = 1, max_length = 100)]
    name: String,
    /// Whether what it remembers is cleared as well.
    #[schema(required = false)]
    clear_memory: bool,
    #[serde(flatten)]
    settings: AgentSettings,
}

/// The settings of an agent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentSettings {
    #[serde(rename = "type")]
    agent_type: Option<String>,
    /// Whether it answers by itself.
    #[schema(required = false)]
    auto_reply: bool,
    #[schema(required = false)]
    provider: ProviderName,
    #[schema(required = false)]
    model: String,
    base_url: Option<String>,
    system_prompt: Option<String>,
    #[schema(required = false, minimum = 0, maximum = 1)]
    temperature: f64,
    #[schema(required = false, minimum = 1)]
    max_tokens: u32,
    /// How much its model reasons: a word of its provider.
    #[serde(rename = "reasoning_effort")]
    reasoning_effort: Option<String>,
}

/// A message.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostMessageBody {
    /// The chat.
    chat_id: String,
    #[serde(flatten)]
    message: MessageBody,
}

/// A message; in the open chat when it names none.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostInOpenChatBody {
    /// The chat.
    #[schema(required = false)]
    chat_id: String,
    #[serde(flatten)]
    message: MessageBody,
}

/// What a message says.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MessageBody {
    /// Its text.
    #[schema(min_length = 1)]
    message: String,
    /// In whose name; the person's when absent.
    #[schema(required = false)]
    sender: String,
    /// Whether the response is an event stream; it is when absent.
    #[schema(required = false)]
    stream: bool,
}

/// Another text for a message.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditMessageBody {
    /// The chat.
    chat_id: String,
    /// The text.
    #[schema(min_length = 1)]
    new_content: String,
    /// Whether the response is an event stream; it is when absent.
    #[schema(required = false)]
    stream: bool,
}

/// A chat.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChatBody {
    /// The chat.
    chat_id: String,
}

/// A decision about what waits for a person: one of `optionId`, `answers` and `skipped: true`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RespondBody {
    /// What waits, by its id or that of its call.
    #[schema(min_length = 1)]
    request_id: String,
    /// The chat that it is in.
    chat_id: Option<String>,
    /// The option that is chosen.
    #[schema(required = false)]
    option_id: String,
    /// Answers to questions: `questionId` and `optionIds` each.
    #[schema(required = false)]
    answers: Vec<Map<String, Value>>,
    /// Whether it is skipped.
    #[schema(required = false)]
    skipped: bool,
}
