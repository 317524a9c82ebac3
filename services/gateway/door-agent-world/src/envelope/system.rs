//! Envelopes about chats, and of the system.

use contract::chat::Unanswered;
use contract::{Chat, CloudEvent, MessageId};
use serde_json::{Value, json};

use super::base::Envelope;
use crate::names::chat_name;

/// How the reports of messages begin that nobody answers.
const NOT_DISPATCHED: &str = "Queue failed to dispatch user message";

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

    /// Nobody answers a message. `mention` is the name that it mentions, if no agent has it.
    pub(crate) fn unanswered(
        event: &CloudEvent,
        message: MessageId,
        reason: Unanswered,
        mention: Option<&str>,
    ) -> Self {
        let content = json!({
            "type": "error",
            "eventType": "error",
            "message": unanswered_text(reason, mention),
            "triggeringMessageId": message,
            "failureKind": failure_kind(reason),
            "reason": reason,
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

/// The text of Agent World's own server for the reasons that it knows. Clients find all of them by how they
/// begin.
fn unanswered_text(reason: Unanswered, mention: Option<&str>) -> String {
    let mention = match reason {
        Unanswered::NoAgents | Unanswered::UnknownMention | Unanswered::MentionInText => mention,
        _ => None,
    };
    match mention {
        Some(name) => format!("{NOT_DISPATCHED}: no agent \"@{name}\" found in this world."),
        None => format!("{NOT_DISPATCHED}: {}.", reason.detail()),
    }
}

/// Clients show a message that was not dispatched over the whole page, and anything else in the chat.
fn failure_kind(reason: Unanswered) -> &'static str {
    match reason {
        Unanswered::NoText | Unanswered::Failed | Unanswered::Cancelled => "no-answer",
        _ => "queue-dispatch",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_text() {
        use Unanswered::{MentionInText, NoAgents, NoText, Sender, UnknownMention};
        let unknown = "no agent \"@zed\" found in this world.";
        for (reason, mention, expected) in [
            (NoAgents, None, "no agent takes part in this chat."),
            (NoAgents, Some("zed"), unknown),
            (UnknownMention, Some("zed"), unknown),
            (MentionInText, Some("zed"), unknown),
            (MentionInText, None, "the message has a name in its text"),
            (Sender, Some("zed"), "agents answer people"),
            (NoText, None, "the agents ended without a text."),
        ] {
            let text = unanswered_text(reason, mention);
            let text = text.strip_prefix("Queue failed to dispatch user message: ");
            let text = text.unwrap();
            assert!(text.starts_with(expected), "{reason:?}: {text}");
        }
    }
}
