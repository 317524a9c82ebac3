//! What a model returned for a request.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What a model returned for a request.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The text, without reasoning.
    pub text: String,
    /// The reasoning, from its own field or from tags in the text. It is not for the reader of the text.
    pub reasoning: String,
    /// Why the model refuses to answer, in its words.
    pub refusal: Option<String>,
    /// The tool calls, in the order in which the model began them.
    pub calls: Vec<Call>,
    /// The tokens that the model used, if the server counts them.
    pub usage: Option<Usage>,
    /// Why the model ended.
    pub finish: Finish,
    /// Fields of the message that the provider needs again when the calls are sent back
    /// ([`Message::Assistant`](crate::Message::Assistant)).
    pub extra: Map<String, Value>,
}

/// A tool call as the model made it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its id; empty when the server gave none.
    pub id: String,
    /// The name of the tool; empty when the model gave none.
    pub name: String,
    /// Its arguments.
    pub arguments: Arguments,
    /// Fields that the provider needs again with the call ([`SentCall`](crate::SentCall)).
    pub extra: Map<String, Value>,
}

/// The arguments of a tool call.
#[derive(Debug, Clone)]
pub enum Arguments {
    /// A JSON object, as the model wrote it, without white space between its tokens.
    Object(Box<RawValue>),
    /// The model wrote none. That is how many call a tool without parameters.
    Absent,
    /// What the model meant can't be known: the call must not be made.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// The tokens of a request and its completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens that the model read.
    pub input_tokens: u64,
    /// Tokens of these that the provider had in a cache, if it reports them.
    pub cached_input_tokens: Option<u64>,
    /// Tokens that it wrote, reasoning included.
    pub output_tokens: u64,
}

/// Why a model ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// It was done.
    Stop,
    /// It called tools.
    ToolCalls,
    /// It reached the maximum number of tokens: the text is cut.
    Length,
    /// A filter of the provider stopped it: the text is incomplete. With the provider's own name of
    /// the reason.
    ContentFilter(String),
    /// It refused to answer.
    Refusal,
    /// It wrote a tool call that its own server can't read. With the provider's name of the reason.
    MalformedCall(String),
    /// Another reason, as the provider names it. The completion is complete.
    Other(String),
}

impl Finish {
    /// Whether the completion is not what the model would have written.
    pub(crate) fn is_failure(&self) -> bool {
        match self {
            Self::Stop | Self::ToolCalls | Self::Other(_) => false,
            Self::Length | Self::ContentFilter(_) | Self::Refusal | Self::MalformedCall(_) => true,
        }
    }
}
