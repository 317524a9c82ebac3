//! Envelopes about chats, and of the system.

use contract::{Chat, CloudEvent, MessageId};
use serde_json::{Value, json};

use super::base::Envelope;
use crate::names::chat_name;

impl Envelope {
    /// A chat was created (`chat-created`) or updated (`chat-updated`).
    pub(crate) fn chat(step: &str, event: &CloudEvent, chat: &Chat) -> Self {
        let name = chat_name(&chat.title);
        let content = json!({"id": chat.id, "name": name, "worldId": event.world});
        let data = json!({
            "type": step,
            "agentName": "system",
            "content": content.to_string(),
            "messageId": event.id,
            "eventId": event.id,
            "chatId": chat.id,
        });
        Self::new("sse", data)
    }

    /// A chat got its title.
    pub(crate) fn title(event: &CloudEvent, chat: &Chat) -> Self {
        let content = json!({
            "eventType": "chat-title-updated",
            "action": "title-updated",
            "worldId": event.world,
            "chatId": chat.id,
            "title": chat.title,
            "source": "idle",
            "message": format!("Chat title updated: {}", chat.title),
        });
        Self::system(event, content)
    }

    /// An answer is stored: older clients expect this after each.
    pub(crate) fn saved(event: &CloudEvent) -> Self {
        let content =
            json!({"worldId": event.world, "chatId": event.chat, "action": "state-saved"});
        Self::system(event, content)
    }

    /// A message, and all that followed it, was removed.
    pub(crate) fn removed(event: &CloudEvent, message: MessageId) -> Self {
        let content = json!({
            "eventType": "message-removed",
            "messageId": message,
            "chatId": event.chat,
            "message": "A message, and all that followed it, was removed",
        });
        Self::system(event, content)
    }

    /// A message mentions an agent that does not exist, so that no agent answers it.
    pub(crate) fn unknown_mention(event: &CloudEvent, message: MessageId, name: &str) -> Self {
        let text = format!(
            "Queue failed to dispatch user message: no agent \"@{name}\" found in this world."
        );
        let content = json!({
            "type": "error",
            "eventType": "error",
            "message": text,
            "triggeringMessageId": message,
            "failureKind": "queue-dispatch",
        });
        Self::system(event, content)
    }

    fn system(event: &CloudEvent, content: Value) -> Self {
        let data = json!({
            "timestamp": event.time,
            "messageId": event.id,
            "eventId": event.id,
            "chatId": event.chat,
        });
        Self::new("system", data).with_field("content", content)
    }
}
