//! Chats, and their messages.

mod answer_limit;
mod unanswered;

pub use answer_limit::{ANSWER_BYTES_MAX, AnswerLimit, TRUNCATION_MARK};
pub use unanswered::Unanswered;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ChatId, EntityId, MessageId};
use crate::timestamp::Timestamp;

/// A conversation in a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// Where its title comes from: what a person called it stays.
    #[serde(default, skip_serializing_if = "TitleSource::is_default")]
    #[schema(read_only)]
    pub titled: TitleSource,
    /// The agents that take part; empty means every agent of the world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<EntityId>,
    /// The chat whose beginning it shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub branch: Option<Branch>,
}

/// Where the title of a chat comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TitleSource {
    /// Nobody has given it one yet.
    #[default]
    Default,
    /// It was made of the messages of the chat.
    Auto,
    /// A person gave it.
    Manual,
}

impl TitleSource {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

/// Where a chat branched off another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Branch {
    /// The other chat.
    pub chat: ChatId,
    /// The last message that both have.
    #[schema(value_type = Uuid)]
    pub message: MessageId,
}

impl Chat {
    /// A chat of all agents.
    pub fn new(id: ChatId) -> Self {
        Self {
            id,
            title: String::new(),
            titled: TitleSource::default(),
            agents: Vec::new(),
            branch: None,
        }
    }
}

/// A message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatText {
    /// Where.
    pub chat: ChatId,
    /// What.
    pub text: String,
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatMessage {
    /// Its id.
    pub id: MessageId,
    /// Its sender.
    pub sender: EntityId,
    /// Whether an agent sent it, and not a person.
    pub from_agent: bool,
    /// Which agents were to answer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answerers: Vec<EntityId>,
    /// Its text.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// The message that began its turn.
    pub turn: MessageId,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<MessageId>,
}

/// What is left of a chat from which messages were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMessages {
    /// When the first message that is gone was posted.
    pub removed_from: Timestamp,
    /// How many messages are left.
    pub count: u64,
    /// The latest of them, oldest first.
    pub messages: Vec<ChatMessage>,
}
