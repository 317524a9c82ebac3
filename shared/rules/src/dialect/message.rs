//! What a dialect is given, and what it decides.

use crate::entities::SenderKind;

/// A message of a chat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) sender: &'a str,
    pub(crate) kind: SenderKind,
    pub(crate) text: &'a str,
    /// The agent that answers people who address nobody, by its id, if the world has one.
    pub(crate) main_agent: Option<&'a str>,
}

/// An agent that sees a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipient<'a> {
    pub(crate) agent_id: &'a str,
    /// How many requests its model got since a person or the world last posted a message.
    pub(crate) model_requests: u32,
    /// How many it may get.
    pub(crate) turn_limit: u32,
}

/// What an agent does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerRouting {
    /// It answers.
    Answers,
    /// It does not answer.
    Ignores,
    /// It has reached its limit, and a notice is posted.
    LimitReached,
}

/// A model's text, and what it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    /// As the model wrote it.
    pub(crate) text: &'a str,
    /// The agent whose model it was.
    pub(crate) agent_id: &'a str,
    /// Who sent what it answers.
    pub(crate) sender: &'a str,
    /// The kind of that sender.
    pub(crate) kind: SenderKind,
    /// Whether the agent addresses those whom it answers, if it addresses nobody itself.
    pub(crate) auto_reply: bool,
}
