//! Envelopes about agents that are answering.

use contract::{ChatId, CloudEvent, EntityId};
use serde_json::json;

use super::base::Envelope;

/// An agent that begins to answer, or has ended.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    /// Its number, counted from 1 in each stream.
    pub(crate) number: u64,
    pub(crate) agent: EntityId,
    pub(crate) chat: Option<ChatId>,
}

/// All agents that are answering.
#[derive(Debug, Default)]
pub(crate) struct ActivitySummary {
    pub(crate) pending: usize,
    pub(crate) agents: Vec<EntityId>,
    pub(crate) chats: Vec<ChatId>,
}

impl Envelope {
    /// An agent begins to answer (`response-start`), has ended (`response-end`), or has ended as the last
    /// one (`idle`).
    pub(crate) fn activity(
        step: &str,
        event: &CloudEvent,
        activity: &Activity,
        summary: &ActivitySummary,
    ) -> Self {
        let source = |agent: &EntityId| format!("agent:{agent}");
        let sources: Vec<String> = summary.agents.iter().map(source).collect();
        let data = json!({
            "type": step,
            "pendingOperations": summary.pending,
            "activityId": activity.number,
            "timestamp": event.time,
            "source": source(&activity.agent),
            "chatId": activity.chat,
            "activeSources": sources,
            "activeChatIds": summary.chats,
            "queuedChatIds": [],
            "activeAgentNames": summary.agents,
            "queue": {
                "queueLength": 0,
                "processing": summary.pending > 0,
                "maxQueueSize": 100,
                "activeChatQueues": summary.chats.len(),
            },
            "messageId": event.id,
            "eventId": event.id,
        });
        Self::new("world", data)
    }
}
