//! Why a message has no answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why nobody answered a message that began a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// No other agent takes part in the chat.
    NoAgents,
    /// The agents that it is for answer no messages: a client thinks for them, or their behaviour does not
    /// let them.
    NotAnswering,
    /// It is for names that no agent of the chat has.
    UnknownMention,
    /// It addresses nobody, and has a name in its text, or an address of mail: it is about somebody.
    MentionInText,
    /// Its sender is no person: such a message is answered by those whom it addresses, or by nobody.
    Sender,
    /// It is the notice of a limit, or reads like one.
    LimitNotice,
    /// The agents have reached their limit of model requests.
    LimitReached,
    /// Those who were to answer ended without a text.
    NoText,
    /// Those who were to answer failed.
    Failed,
    /// The answers were cancelled.
    Cancelled,
    /// A reason of a later build.
    #[serde(other)]
    Other,
}

impl Unanswered {
    /// The reason in a sentence for people.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NoAgents => "no agent takes part in this chat",
            Self::NotAnswering => "the agents that the message is for answer no messages",
            Self::UnknownMention => "no agent of this chat has the name that the message is for",
            Self::MentionInText => {
                "the message has a name in its text: begin a line with @name to address an agent"
            }
            Self::Sender => {
                "agents answer people: anybody else addresses one with @name at the beginning of a line"
            }
            Self::LimitNotice => "the message reads like the notice of a limit",
            Self::LimitReached => "the agents have reached their limit of model requests",
            Self::NoText => "the agents ended without a text",
            Self::Failed => "the agents failed",
            Self::Cancelled => "the answers were cancelled",
            Self::Other => "no agent answers",
        }
    }
}
