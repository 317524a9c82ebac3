//! The event, as it is in the log. At the doors it is a [`CloudEvent`](crate::CloudEvent).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event_type::EventType;
use crate::id::{ChatId, EntityId, EventId};
use crate::target::Target;

/// An immutable, typed fact in a world's log. Its time and its place are its commit's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Unique over all worlds.
    pub id: EventId,
    /// What kind of fact it is.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Who caused it.
    pub sender: EntityId,
    /// Whom it is for; nobody named means everyone in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The chat that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// The event that everything of this turn goes back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// The W3C `traceparent` of the request that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The URI of the schema of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What this kind of event means, for a reader who does not know its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A description of this one event, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whatever else its sender attached: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// The payload: JSON, passed on byte for byte.
    pub data: Box<RawValue>,
}

/// An event that somebody wants to send: what is not the world's to fill in.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewEvent {
    /// A custom type, best namespaced: `myapp.order.created`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Whom it is for; nobody named means everyone in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The chat that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub causation: Option<EventId>,
    /// What everything of one conversation or request shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// The URI of the schema of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What this kind of event means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A description of this one event, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whatever else is attached: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Box<RawValue>>,
    /// The payload: any JSON, passed on byte for byte.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}

impl NewEvent {
    /// An event for everyone in the world.
    pub fn new(event_type: EventType, data: Box<RawValue>) -> Self {
        Self {
            event_type,
            target: None,
            chat: None,
            causation: None,
            correlation: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data,
        }
    }
}
