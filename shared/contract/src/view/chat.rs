//! What is shown of chats.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::chat::{Chat, ChatMessage};
use crate::id::EntityId;
use crate::timestamp::Timestamp;

/// A chat with its latest messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatView<'a> {
    /// The chat.
    #[serde(flatten)]
    pub chat: Cow<'a, Chat>,
    /// When it began.
    pub created_at: Timestamp,
    /// How many messages it has, those that are not shown included.
    pub message_count: u64,
    /// Its latest messages, oldest first.
    pub messages: Vec<Cow<'a, ChatMessage>>,
    /// The agents that answer, or have a message waiting.
    pub answering: Vec<EntityId>,
}

/// A chat without its messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatOutline<'a> {
    /// The chat.
    #[serde(flatten)]
    pub chat: Cow<'a, Chat>,
    /// When it began.
    pub created_at: Timestamp,
    /// How many messages it has.
    pub message_count: u64,
    /// The agents that answer, or have a message waiting.
    pub answering: Vec<EntityId>,
}
