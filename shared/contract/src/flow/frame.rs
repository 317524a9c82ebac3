//! Events of sessions, as they are sent and given.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::id::{EventId, NodeId};
use crate::timestamp::Timestamp;

/// An event that a client or a node sends in a session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewFlowEvent {
    /// The sender's own id of it. A node that sends the event which it handles passes it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its type: any text, best namespaced: `myapp.order.created`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it happened; when the world stored it, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Whatever else is attached: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Box<RawValue>>,
    /// The payload: any JSON, passed on byte for byte.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}

impl NewFlowEvent {
    /// An event with nothing attached.
    pub fn new(event_type: impl Into<String>, data: Box<RawValue>) -> Self {
        Self {
            id: None,
            event_type: event_type.into(),
            timestamp: None,
            metadata: None,
            data,
        }
    }
}

/// An event of a session, as nodes and clients get it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlowFrame {
    /// Which: the id of its `flow.event`.
    pub id: EventId,
    /// The sender's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The node that sent it; the client when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The event that began its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<EventId>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What its sender attached: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// Whether it belongs to an answer that was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The payload.
    pub data: Box<RawValue>,
}

impl FlowFrame {
    /// The metadata that clients get: what the sender attached, with the node, the turn and whether the
    /// answer was interrupted.
    pub fn full_metadata(&self) -> Map<String, Value> {
        let own = self.metadata.as_ref().map(|metadata| metadata.get());
        let own = own.and_then(|metadata| serde_json::from_str(metadata).ok());
        let mut metadata: Map<String, Value> = own.unwrap_or_default();
        if let Some(node) = &self.node {
            metadata.insert("node".to_owned(), node.as_str().into());
        }
        if let Some(turn) = self.turn {
            metadata.insert("turn".to_owned(), turn.to_string().into());
        }
        if self.interrupted {
            metadata.insert("interrupted".to_owned(), true.into());
        }
        metadata
    }
}
