//! What is shown of an agent and of what it remembers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::chat::ChatMessage;
use crate::entity::Entity;
use crate::id::ChatId;
use crate::timestamp::Timestamp;

/// An agent, with what it remembers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentView<'a> {
    /// The agent.
    pub entity: Cow<'a, Entity>,
    /// How many model requests its answers have cost since a person or the world last posted a
    /// message.
    pub calls: u32,
    /// Up to when it remembers nothing: its memory was cleared then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_cleared_at: Option<Timestamp>,
    /// The latest messages of its chats that it sent or that were for it, since its memory was
    /// cleared, oldest first.
    pub memory: Vec<MemoryMessage<'a>>,
}

/// A message that an agent remembers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryMessage<'a> {
    /// The chat that it was posted in.
    pub chat: Cow<'a, ChatId>,
    /// The message.
    pub message: Cow<'a, ChatMessage>,
}
