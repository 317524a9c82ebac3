//! Brains: what an agent thinks with.

pub(crate) mod llm;
pub(crate) mod mind;
pub(crate) mod script;

use contract::chat::ChatMessage;
use contract::tool::{ToolCall, ToolStep};
use contract::{Entity, EntityId, Usage};
use tokio::time::Instant;

use crate::tools::Offer;

/// What a brain is asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Who is to answer.
    pub(crate) agent: &'a Entity,
    /// The end of the chat, oldest first.
    pub(crate) messages: &'a [ChatMessage],
    /// The message to answer: the last of them.
    pub(crate) message: &'a ChatMessage,
    /// What the agent has done so far to answer it.
    pub(crate) steps: &'a [ToolStep],
    /// The tools that it may call.
    pub(crate) offer: &'a Offer,
    /// The other agents of the chat.
    pub(crate) others: &'a [EntityId],
    /// An answer that comes later is of no use.
    pub(crate) until: Instant,
}

/// What a brain answers.
pub(crate) struct Thought {
    pub(crate) text: String,
    /// The tools that it calls before it answers; the text is no answer then.
    pub(crate) calls: Vec<ToolCall>,
    /// What it cost, if the brain says so.
    pub(crate) usage: Option<Usage>,
}
