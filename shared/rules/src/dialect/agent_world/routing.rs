//! Who answers a message.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use contract::chat::Unanswered;

use super::mention::{
    first_mention, is_addressed, known_mentions, paragraph_mentions, with_leading_mention,
};
use crate::dialect::message::{AnswerRouting, Message, Recipient};
use crate::entities::SenderKind;

/// What every limit notice has, and what keeps agents from answering one another's.
const LIMIT_REACHED: &str = "Turn limit reached";

/// A message whose mentions were read.
#[derive(Clone, Debug)]
pub(crate) struct ParsedMessage<'a> {
    sender: &'a str,
    kind: SenderKind,
    mentions: Vec<String>,
    names_anybody: bool,
    is_limit_notice: bool,
}

impl<'a> ParsedMessage<'a> {
    /// Reads the mentions of a message in a world with these agents.
    pub(super) fn new(
        sender: &'a str,
        kind: SenderKind,
        text: &str,
        is_agent: &dyn Fn(&str) -> bool,
    ) -> Self {
        Self {
            sender,
            kind,
            mentions: known_mentions(text, is_agent),
            names_anybody: first_mention(text).is_some(),
            is_limit_notice: text.contains(LIMIT_REACHED),
        }
    }

    /// Reads a message, which is for the main agent when a person addresses nobody.
    pub(in crate::dialect) fn with_default_recipient(
        message: &Message<'a>,
        is_agent: &dyn Fn(&str) -> bool,
    ) -> Self {
        let text = default_recipient(message.text, message.kind, message.main_agent);
        Self::new(message.sender, message.kind, &text, is_agent)
    }

    pub(super) fn is_from(&self, agent_id: &str) -> bool {
        self.sender.eq_ignore_ascii_case(agent_id)
    }

    /// Why nobody answers the message, whichever agents take part in the chat.
    pub(in crate::dialect) fn unanswered(&self) -> Option<Unanswered> {
        if self.is_limit_notice {
            return Some(Unanswered::LimitNotice);
        }
        let is_addressed = !self.mentions.is_empty();
        match self.kind {
            SenderKind::System => Some(Unanswered::Sender),
            SenderKind::Agent if !is_addressed => Some(Unanswered::Sender),
            SenderKind::Human | SenderKind::World if !is_addressed && self.names_anybody => {
                Some(Unanswered::MentionInText)
            }
            SenderKind::Agent | SenderKind::Human | SenderKind::World => None,
        }
    }

    /// A name in the middle of a text addresses nobody, and keeps the others quiet all the same: the
    /// text is about somebody.
    fn is_for(&self, agent_id: &str) -> bool {
        if self.mentions.is_empty() {
            self.kind.opens_a_turn() && !self.names_anybody
        } else {
            is_addressed(agent_id, &self.mentions)
        }
    }
}

/// What an agent does with a message that it sees.
///
/// The limit comes before the question whom the message is for: an agent that has reached it posts its notice
/// whatever it sees, its own messages and other notices aside.
pub(in crate::dialect) fn routing(
    recipient: &Recipient<'_>,
    message: &ParsedMessage<'_>,
) -> AnswerRouting {
    if message.is_from(recipient.agent_id) || message.is_limit_notice {
        return AnswerRouting::Ignores;
    }
    if recipient.model_requests >= recipient.turn_limit {
        return AnswerRouting::LimitReached;
    }
    if message.kind == SenderKind::System || !message.is_for(recipient.agent_id) {
        return AnswerRouting::Ignores;
    }
    AnswerRouting::Answers
}

/// The notice of an agent that has reached its limit. It addresses no agent, and so ends the exchange.
pub(in crate::dialect) fn limit_notice(turn_limit: u32) -> String {
    format!(
        "@human {LIMIT_REACHED} ({turn_limit} LLM calls). Please take control of the conversation."
    )
}

/// The text by which it is decided who answers: a person's message that begins no line with a
/// mention is for the main agent, if the world has one. A mention further on does not change that.
fn default_recipient<'a>(
    text: &'a str,
    kind: SenderKind,
    main_agent_id: Option<&str>,
) -> Cow<'a, str> {
    match main_agent_id {
        Some(agent_id) if kind.opens_a_turn() && paragraph_mentions(text).is_empty() => {
            Cow::Owned(with_leading_mention(agent_id, text))
        }
        _ => Cow::Borrowed(text),
    }
}
