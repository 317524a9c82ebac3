//! What of a chat an agent's model is shown.

#[cfg(test)]
mod tests;

use super::answer::{Decision, Heard, Listener, decide};

/// Whether a message is shown to the reader's model: what the reader said, and what it would answer
/// if it heard it now, with all its turns before it.
pub(crate) fn is_shown(reader_id: &str, heard: &Heard<'_>) -> bool {
    let fresh = Listener {
        agent_id: reader_id,
        calls: 0,
        turn_limit: u32::MAX,
    };
    heard.is_from(reader_id) || decide(&fresh, heard) == Decision::Answers
}
