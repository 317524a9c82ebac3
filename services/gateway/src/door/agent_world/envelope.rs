//! What clients are told over an event stream: `{"type": channel, "data": …}`, one a line.

mod tool;

use bytes::Bytes;
use contract::commit::Position;
use contract::fact::MessagePosted;
use contract::{Chat, ChatId, CloudEvent, EntityId, MessageId, Timestamp, Usage};
use serde_json::{Value, json};

use super::model::name_of;

/// One thing that clients are told.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    /// Behind which place of the log a client goes on that has seen this. What is told of one event
    /// has its place once, on the last of it.
    pub(super) place: Option<Position>,
    pub(super) body: Value,
}

/// Somebody who is answering, begins to, or has ended.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    /// Which, counted from 1 in each stream.
    pub(super) number: u64,
    pub(super) agent: EntityId,
    pub(super) chat: Option<ChatId>,
}

/// Who else is answering.
#[derive(Debug, Default)]
pub(super) struct Busy {
    pub(super) pending: usize,
    pub(super) agents: Vec<EntityId>,
    pub(super) chats: Vec<ChatId>,
}

impl Envelope {
    fn new(channel: &str, data: Value) -> Self {
        Self {
            place: None,
            body: Value::from_iter([("type", json!(channel)), ("data", data)]),
        }
    }

    /// The last that is told of what is at this place.
    pub(super) fn at(mut self, place: Position) -> Self {
        self.place = Some(place);
        self
    }

    /// As a server-sent event.
    pub(super) fn bytes(&self) -> Bytes {
        let id = self.place.map(|place| format!("id: {place}\n"));
        format!("{}data: {}\n\n", id.unwrap_or_default(), self.body).into()
    }

    /// Something was said. `sender` is who said it, in the words of the client.
    pub(super) fn message(
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
    pub(super) fn answer(
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

    /// The same step, with one more field.
    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        self.body["data"][field] = value;
        self
    }

    /// Somebody begins to answer (`response-start`), has ended (`response-end`), or has ended and
    /// nobody else is answering (`idle`).
    pub(super) fn activity(
        step: &str,
        event: &CloudEvent,
        activity: &Activity,
        busy: &Busy,
    ) -> Self {
        let source = |agent: &EntityId| format!("agent:{agent}");
        let sources: Vec<String> = busy.agents.iter().map(source).collect();
        let data = json!({
            "type": step,
            "pendingOperations": busy.pending,
            "activityId": activity.number,
            "timestamp": event.time,
            "source": source(&activity.agent),
            "chatId": activity.chat,
            "activeSources": sources,
            "activeChatIds": busy.chats,
            "queuedChatIds": [],
            "activeAgentNames": busy.agents,
            "queue": {
                "queueLength": 0,
                "processing": busy.pending > 0,
                "maxQueueSize": 100,
                "activeChatQueues": busy.chats.len(),
            },
            "messageId": event.id,
            "eventId": event.id,
        });
        Self::new("world", data)
    }

    /// A chat began (`chat-created`), or is another now (`chat-updated`).
    pub(super) fn chat(step: &str, event: &CloudEvent, chat: &Chat) -> Self {
        let content = json!({"id": chat.id, "name": name_of(&chat.title), "worldId": event.world});
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

    /// A chat was given its title.
    pub(super) fn title(event: &CloudEvent, chat: &Chat) -> Self {
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

    /// What was said in a chat is kept, as older clients are told after each answer.
    pub(super) fn saved(event: &CloudEvent) -> Self {
        let content =
            json!({"worldId": event.world, "chatId": event.chat, "action": "state-saved"});
        Self::system(event, content)
    }

    /// A message, and all that followed it, was taken back.
    pub(super) fn removed(event: &CloudEvent, message: MessageId) -> Self {
        let content = json!({
            "eventType": "message-removed",
            "messageId": message,
            "chatId": event.chat,
            "message": "A message, and all that followed it, was removed",
        });
        Self::system(event, content)
    }

    /// A message named somebody whom there is not, and so nobody answers it.
    pub(super) fn nobody(event: &CloudEvent, message: MessageId, name: &str) -> Self {
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
        Self::new("system", data).with("content", content)
    }

    /// The stream ends, and not because all was told.
    pub(super) fn failed(message: &str) -> Self {
        let body = json!({"type": "error", "message": message, "timestamp": Timestamp::now()});
        Self { place: None, body }
    }
}

/// What an answer cost, in the words of clients.
pub(super) fn usage(usage: &Usage) -> Value {
    json!({
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens.saturating_add(usage.output_tokens),
        "model": usage.model,
    })
}
