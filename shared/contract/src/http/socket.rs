//! The frames of the native WebSocket, beside `event` and `chunk`, which hold a
//! [`CloudEvent`](crate::CloudEvent) and a [`Chunk`](crate::Chunk).
//!
//! A frame of a client has a `type`, the fields of one of the structures here or of
//! [`SendEventsRequest`](super::SendEventsRequest), [`RunRequest`](super::RunRequest) or
//! [`InteractionRequest`](super::InteractionRequest), and may have a `ref`, which the reply repeats, and
//! an `idempotency_key`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ProblemDetails, StreamStart};
use crate::{ChatId, EntityId, EventId, InteractionId, MessageId, RunId, Seq};

/// `post_message`: posts a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PostMessageFrame {
    /// Its chat.
    pub chat: ChatId,
    /// Who sends it.
    pub sender: EntityId,
    /// Its text.
    pub text: String,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<MessageId>,
}

/// `cancel`: cancels a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CancelRunFrame {
    /// Which.
    #[serde(rename = "invocation")]
    pub run: RunId,
}

/// `stop_chat`: cancels all answers of a chat that are under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StopChatFrame {
    /// Which.
    pub chat: ChatId,
}

/// `cancel_interaction`: cancels an interaction for all targets that have not ended it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CancelInteractionFrame {
    /// Which.
    pub interaction: InteractionId,
    /// Its requester, or `world`, which is meant when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// `complete_interaction`: reports how an interaction ended for a target whose brain is a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompleteInteractionFrame {
    /// Which.
    pub interaction: InteractionId,
    /// The target.
    pub target: EntityId,
    /// Whether it was completed.
    pub ok: bool,
    /// What the target writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Box<RawValue>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `ping`: requests a `pong`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PingFrame {}

/// A frame of the gateway, beside events and chunks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first: where the events begin.
    Ready {
        /// Where.
        #[serde(flatten)]
        start: StreamStart,
    },
    /// A command is durable.
    Accepted {
        /// The `ref` of the client's frame.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The id of its first event: that of the message, of the run, or of the interaction.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        /// The ids of its events.
        ids: Vec<EventId>,
        /// The commit that holds them.
        seq: Seq,
    },
    /// The reply to a ping.
    Pong {
        /// The `ref` of the client's frame.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A frame was refused.
    Error {
        /// The `ref` of the client's frame.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Why.
        problem: ProblemDetails,
    },
}
