//! A request to a model, in the terms that all protocols share.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A request to a model.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The name of the model. It is sent as it is.
    pub model: &'a str,
    /// The system prompt; none when empty.
    pub system: &'a str,
    /// The conversation, oldest first.
    pub messages: &'a [Message],
    /// The tools that the model may call.
    pub tools: &'a [Tool],
    /// What servers and models have settings for.
    pub options: &'a Options,
    /// Whether the server is to stream the completion.
    pub is_streamed: bool,
}

/// A message of the conversation.
#[derive(Debug, Clone)]
pub enum Message {
    /// A text for the model.
    User(String),
    /// What the model has returned before.
    Assistant {
        /// The text; none when empty.
        text: String,
        /// The tool calls.
        calls: Vec<SentCall>,
        /// [`Completion::extra`](crate::Completion::extra), as it was received.
        extra: Map<String, Value>,
    },
    /// The results of the calls of the message before.
    ToolResults(Vec<ToolResult>),
}

/// A tool call that the model has made before.
#[derive(Debug, Clone)]
pub struct SentCall {
    /// Its id.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// Its arguments: a JSON object.
    pub arguments: Box<RawValue>,
    /// [`Call::extra`](crate::Call::extra), as it was received.
    pub extra: Map<String, Value>,
}

/// The result of a tool call.
#[derive(Debug, Clone)]
pub struct ToolResult {
    /// The id of the call.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The text.
    pub text: String,
    /// Whether the call failed.
    pub failed: bool,
    /// [`SentCall::extra`] of the call.
    pub extra: Map<String, Value>,
}

/// A tool that the model may call.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub schema: Value,
}

/// What servers and models have settings for. Nothing is sent that is not set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The sampling temperature.
    pub temperature: Option<f64>,
    /// The maximum number of tokens of the completion. Anthropic's protocol requires one: there it is
    /// 8192 when not set.
    pub tokens_max: Option<u32>,
    /// The reasoning effort, as the provider names it.
    pub reasoning_effort: Option<String>,
    /// OpenAI: send `max_completion_tokens` instead of `max_tokens`.
    pub max_completion_tokens: bool,
    /// OpenAI: send no `stream_options`. Some servers reject it; without it they may count no tokens.
    pub no_stream_options: bool,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// Further fields of the body. Objects are merged, and `null` removes a field.
    pub body: Map<String, Value>,
}
