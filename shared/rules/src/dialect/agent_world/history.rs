//! What of a chat an agent's model is shown.

#[cfg(test)]
mod tests;

use super::routing::{ParsedMessage, routing};
use crate::dialect::message::{AnswerRouting, Recipient};

/// Whether a message is shown to the reader's model: what the reader posted, and what it would answer
/// if it saw it now, far from its limit.
pub(in crate::dialect) fn is_shown(reader_id: &str, message: &ParsedMessage<'_>) -> bool {
    let fresh = Recipient {
        agent_id: reader_id,
        model_requests: 0,
        turn_limit: u32::MAX,
    };
    message.is_from(reader_id) || routing(&fresh, message) == AnswerRouting::Answers
}
