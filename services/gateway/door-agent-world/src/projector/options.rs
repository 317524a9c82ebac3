//! What a stream is about, and how its envelopes are written.

use contract::{ChatId, MessageId};

/// What a stream is about.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// One message, and all that it causes.
    Turn { chat: ChatId, message: MessageId },
    /// A world, or one of its chats, for as long as the client stays.
    Continuous(Option<ChatId>),
}

/// How envelopes are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct RenderOptions {
    /// The name that the client has for the sender of the turn's message.
    pub(crate) sender_alias: Option<String>,
    /// Whether an envelope after each answer reports that it is stored.
    pub(crate) reports_saves: bool,
}
