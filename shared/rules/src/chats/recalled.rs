//! Messages that the state does not keep any more: what the archive has of them is given to a command that
//! needs one, as its time is given to it.

use contract::ChatId;
use contract::chat::{ChatMessage, KeptMessages};

use super::limits::{KEPT_BYTES_MAX, TAIL_MESSAGES_MAX};

/// A message of a chat that its state does not keep any more, and those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecalledMessage {
    /// Whose.
    pub chat: ChatId,
    /// The message.
    pub message: ChatMessage,
    /// How many messages of the chat are before it.
    pub count: u64,
    /// The latest of those, oldest first.
    pub before: Vec<ChatMessage>,
}

impl RecalledMessage {
    /// How many of the messages before it are of use.
    pub const BEFORE_MAX: usize = TAIL_MESSAGES_MAX;

    /// What is left of the chat without the message and those behind it.
    pub(super) fn kept(&self) -> KeptMessages {
        let mut bytes = 0;
        let fits = |message: &&ChatMessage| {
            let json = serde_json::to_string(message);
            bytes += json.map_or(usize::MAX / 2, |json| json.len());
            bytes <= KEPT_BYTES_MAX
        };
        let newest_first = self.before.iter().rev().take(TAIL_MESSAGES_MAX);
        let mut messages: Vec<_> = newest_first.take_while(fits).cloned().collect();
        messages.reverse();
        KeptMessages {
            removed_from: self.message.at,
            count: self.count,
            messages,
        }
    }
}

/// Whether a message of the chat is among those that were removed.
pub(super) fn is_removed(kept: &KeptMessages, message: &ChatMessage) -> bool {
    message.at >= kept.removed_from && kept.messages.iter().all(|other| other.id != message.id)
}
