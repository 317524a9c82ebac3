//! How a world reads and writes the texts of its chats: whom a message addresses, who answers it, and
//! what becomes of an answer.
//!
//! Functions over texts and names, which know nothing of the state. A world chooses its dialect.

mod agent_world;
mod message;
mod plain;

use contract::chat::Unanswered;
use contract::world::ChatDialect;

pub(crate) use message::{Answer, AnswerRouting, Message, Recipient};

/// A message that was read once, however many agents decide about it.
pub(crate) enum ParsedMessage<'a> {
    AgentWorld(agent_world::ParsedMessage<'a>),
    Plain(plain::ParsedMessage<'a>),
}

impl<'a> ParsedMessage<'a> {
    /// `agents` are the ids of the world's agents.
    pub(crate) fn new<'b>(
        dialect: ChatDialect,
        message: Message<'a>,
        agents: &(impl Iterator<Item = &'b str> + Clone),
    ) -> Self {
        match dialect {
            ChatDialect::AgentWorld => {
                let is_agent =
                    |name: &str| agents.clone().any(|id| agent_world::called(id) == name);
                let message =
                    agent_world::ParsedMessage::with_default_recipient(&message, &is_agent);
                Self::AgentWorld(message)
            }
            ChatDialect::Plain => Self::Plain(plain::ParsedMessage::new(message)),
        }
    }

    /// What an agent does with the message.
    pub(crate) fn routing(&self, recipient: &Recipient<'_>) -> AnswerRouting {
        match self {
            Self::AgentWorld(message) => agent_world::routing(recipient, message),
            Self::Plain(message) => plain::routing(recipient, message),
        }
    }

    /// Why nobody answers the message, whichever agents take part in the chat; none when it is for somebody.
    pub(crate) fn unanswered(&self) -> Option<Unanswered> {
        match self {
            Self::AgentWorld(message) => message.unanswered(),
            Self::Plain(message) => message.unanswered(),
        }
    }

    /// Whether the message is shown to an agent's model, when it answers another one.
    pub(crate) fn is_shown_to(&self, agent_id: &str) -> bool {
        match self {
            Self::AgentWorld(message) => agent_world::is_shown(agent_id, message),
            Self::Plain(_) => true,
        }
    }
}

/// The name that a text mentions first, wherever it does.
pub(crate) fn first_free_mention(dialect: ChatDialect, text: &str) -> Option<&str> {
    match dialect {
        ChatDialect::AgentWorld => agent_world::first_free_mention(text),
        ChatDialect::Plain => None,
    }
}

/// The text of an agent's answer, as it is posted.
pub(crate) fn finish_answer(dialect: ChatDialect, answer: &Answer<'_>) -> String {
    match dialect {
        ChatDialect::AgentWorld => agent_world::finish_answer(answer),
        ChatDialect::Plain => answer.text.to_owned(),
    }
}

/// What the world posts in an agent's name that has reached its limit of model requests.
pub(crate) fn limit_notice(dialect: ChatDialect, turn_limit: u32) -> String {
    match dialect {
        ChatDialect::AgentWorld => agent_world::limit_notice(turn_limit),
        ChatDialect::Plain => plain::limit_notice(turn_limit),
    }
}
