//! What is shown of flows and sessions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::spec::FlowSpec;
use crate::id::{EntityId, EventId, FlowId, SessionId};
use crate::timestamp::Timestamp;

/// A flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowView<'a> {
    /// Which.
    pub flow: FlowId,
    /// How often it was declared before.
    pub revision: u32,
    /// The flow as it was described.
    #[schema(value_type = FlowSpec)]
    pub spec: Cow<'a, FlowSpec>,
    /// How many of its sessions are open, those of earlier revisions too.
    pub sessions: u64,
}

/// Some of the flows of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlowPage<'a> {
    /// The flows, by id.
    pub items: Vec<FlowView<'a>>,
    /// After which id the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<FlowId>,
}

/// Whether a session is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// It goes on.
    Open,
    /// It is over.
    Ended,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// With which flow.
    pub flow: FlowId,
    /// The client's entity; `world` for a client without one.
    pub entity: EntityId,
    /// Whether it is open.
    pub status: SessionStatus,
    /// The request that is answered now; `null` when none is.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub turn: Option<EventId>,
    /// How often it was interrupted.
    pub epoch: u32,
    /// What is known of it.
    #[schema(value_type = Object)]
    pub variables: BTreeMap<String, Value>,
    /// How many of its events have not left the flow.
    pub pending: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When something last happened in it.
    pub active_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub reason: Option<String>,
}

/// Some of the open sessions of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionPage {
    /// The sessions, by id.
    pub items: Vec<SessionView>,
    /// After which id the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SessionId>,
}
