//! Chats.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::ChatMessage;
use crate::query::ChatRow;
use crate::{Chat, ChatId, EntityId, MessageId, Timestamp};

/// The chats of a world, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChatsResponse {
    /// The chats.
    pub chats: Vec<ChatRow>,
    /// Whether there are older ones, which one answer does not hold (1000 KiB, or 20,000 rows); absent
    /// when these are all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub more: bool,
}

/// A chat, its latest messages, and who is answering.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChatResponse {
    /// The chat.
    #[serde(flatten)]
    pub chat: Chat,
    /// When it began.
    pub created_at: Timestamp,
    /// How many messages it holds.
    pub message_count: u64,
    /// The last of them, oldest first: up to 200.
    pub messages: Vec<ChatMessage>,
    /// The agents that have something to answer.
    pub answering: Vec<EntityId>,
}

/// What changes; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct UpdateChatRequest {
    /// Its new title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its new agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<EntityId>>,
}

/// A chat that begins with the messages of another.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BranchChatRequest {
    /// Its id.
    pub id: ChatId,
    /// The last message that both have.
    #[schema(value_type = Uuid)]
    pub message: MessageId,
    /// In whose name; `world` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}
