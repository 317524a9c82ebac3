//! Envelopes about messages, and about answers that are under way.

use contract::fact::MessagePosted;
use contract::{ChatId, CloudEvent, EntityId, MessageId, Usage};
use serde_json::{Value, json};

use super::base::Envelope;

impl Envelope {
    /// A message was posted. `sender` is the name that the client has for its sender.
    pub(crate) fn message(
        event: &CloudEvent,
        posted: &MessagePosted,
        sender: &str,
        role: &str,
    ) -> Self {
        let mut data = json!({
            "type": "message",
            "sender": sender,
            "content": posted.text,
            "messageId": event.id,
            "eventId": event.id,
            "chatId": event.chat,
            "createdAt": event.time,
            "timestamp": event.time,
            "role": role,
        });
        if let Some(message) = posted.in_reply_to {
            data["replyToMessageId"] = json!(message);
        }
        Self::new("message", data)
    }

    /// A step of an answer: `start`, `chunk`, `end` or `error`.
    pub(crate) fn answer_step(
        step: &str,
        agent: &EntityId,
        message: MessageId,
        chat: Option<&ChatId>,
    ) -> Self {
        let data = json!({
            "type": step,
            "agentName": agent,
            "messageId": message,
            "chatId": chat,
        });
        Self::new("sse", data)
    }
}

/// The usage of a language model for an answer.
pub(crate) fn usage(usage: &Usage) -> Value {
    json!({
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens.saturating_add(usage.output_tokens),
        "model": usage.model,
    })
}
