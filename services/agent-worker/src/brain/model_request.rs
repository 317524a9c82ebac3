//! What a brain is to answer.

use contract::chat::ChatMessage;
use contract::tool::ToolStep;
use contract::{Entity, EntityId};
use tokio::time::Instant;

use crate::tools::Toolset;

/// A message that a brain is to answer, with its context: a request to a language model. A script
/// gets the same.
#[derive(Clone, Copy)]
pub(crate) struct ModelRequest<'a> {
    /// The agent that answers.
    pub(crate) agent: &'a Entity,
    /// The end of the chat, oldest first.
    pub(crate) messages: &'a [ChatMessage],
    /// The message to answer: the last of them.
    pub(crate) message: &'a ChatMessage,
    /// The tool steps of the agent since that message.
    pub(crate) steps: &'a [ToolStep],
    /// The tools that it may call.
    pub(crate) toolset: &'a Toolset,
    /// The other agents of the chat.
    pub(crate) others: &'a [EntityId],
    /// A completion that comes later is discarded.
    pub(crate) deadline: Instant,
}
