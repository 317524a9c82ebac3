//! Live signals: not facts, never stored, and lost without harm.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ChatId, EntityId, MessageId, NodeId, RunId, SessionId};

/// A piece of an answer that is still being thought of. The whole follows as `message.posted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chunk {
    /// The run that it comes from.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// Which attempt at it, from 1. A higher attempt starts the answer anew.
    pub attempt: u32,
    /// Which piece, from 0: a gap means that one was lost.
    pub index: u32,
    /// The agent that answers.
    pub agent: EntityId,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The turn that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<MessageId>,
    /// The session in which a node answers. Its turn is the event that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub session: Option<SessionId>,
    /// The node that answers there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// What was added.
    pub text: String,
    /// Whether this is progress of a tool, and not a piece of an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub progress: bool,
}
