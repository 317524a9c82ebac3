//! Who called an ability, and on the way to what.

use serde::{Deserialize, Serialize};

use crate::flow::NodeStep;
use crate::id::{ChatId, EntityId, MessageId};

/// The message that an agent answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its chat.
    pub chat: ChatId,
    /// Its id.
    pub message: MessageId,
    /// The message that began its turn.
    pub turn: MessageId,
}

/// The agent that called an ability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// Its model called it as a tool, on the way to an answer.
    ToolCall {
        /// The agent.
        agent: EntityId,
        /// What it answers.
        question: Question,
        /// The call, by its id.
        call: String,
    },
    /// Its mind decided to use it.
    Mind {
        /// The agent.
        agent: EntityId,
        /// The call, by its id.
        call: String,
    },
    /// Its model called it as a tool, in a session.
    Node {
        /// The agent.
        agent: EntityId,
        /// The event that it handles for a node.
        step: Box<NodeStep>,
        /// The call, by its id.
        call: String,
    },
}

impl Caller {
    /// The agent.
    pub const fn agent(&self) -> &EntityId {
        match self {
            Self::ToolCall { agent, .. } | Self::Mind { agent, .. } | Self::Node { agent, .. } => {
                agent
            }
        }
    }

    /// The call, by its id.
    pub fn call(&self) -> &str {
        match self {
            Self::ToolCall { call, .. } | Self::Mind { call, .. } | Self::Node { call, .. } => call,
        }
    }
}
