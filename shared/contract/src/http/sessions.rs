//! Sessions of flows, and their events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::flow::{NewFlowEvent, SessionView};
use crate::{EntityId, EventId, FlowId, NodeId, Position, Seq, SessionId, Timestamp};

/// A session that is to begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct StartSessionRequest {
    /// What is known of it at the beginning.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub variables: BTreeMap<String, Value>,
    /// The client's entity; `world` for a client without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
}

/// A session that has begun: it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartSessionResponse {
    /// The session.
    pub id: SessionId,
    /// The commit that holds its beginning.
    pub seq: Seq,
    /// Where it begins: all of its events are after this position.
    pub position: Position,
}

/// Which sessions of a world are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionSelection {
    /// Those that are open.
    #[default]
    Open,
    /// Those that have ended.
    Ended,
    /// All of them.
    All,
}

impl SessionSelection {
    fn is_default(&self) -> bool {
        *self == Self::Open
    }
}

/// Which page of the sessions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionsPageQuery {
    /// Only those of this flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// Only those of this client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// `open`, `ended` or `all`; `open` when absent.
    #[serde(default, skip_serializing_if = "SessionSelection::is_default")]
    #[param(inline)]
    pub status: SessionSelection,
    /// Those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<uuid::Uuid>)]
    pub after: Option<SessionId>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A session, and the commit that is considered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionResponse {
    /// What it is.
    #[serde(flatten)]
    pub session: SessionView,
    /// The end of the commit that is considered: what happens later is after this position.
    pub position: Position,
    /// The last commit that is considered.
    pub seq: Seq,
}

/// A page of sessions: open ones by id, others in the order in which they began.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionsPage {
    /// The sessions.
    pub items: Vec<SessionView>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub next: Option<SessionId>,
    /// The last commit that is considered.
    pub seq: Seq,
}

/// Events that a client sends in its session: all of them are stored, or none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SendSessionEventsRequest {
    /// In this order: at most 100.
    pub events: Vec<NewFlowEvent>,
    /// In whose name: the session's client, or `world`, which it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// How a session is ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndSessionQuery {
    /// In whose name: the session's client, or `world`, which it is when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
    /// A word for programs; `client` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which page of the events of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionEventsPageQuery {
    /// Those after this position: `{seq}.{index}`, or `{seq}` for the end of a commit. That of the
    /// session's beginning spares the search for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// Which events of a session, from which position.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionStreamQuery {
    /// Begin after this position: `{seq}.{index}`, or `{seq}` for the end of a commit. From now on when
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// Answers piece by piece, while they are generated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
}

/// An event of a session, as its client gets it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionEvent {
    /// Where it is in the log; absent for a piece of an answer that is still generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Which: the id of its event in the log.
    #[schema(value_type = uuid::Uuid)]
    pub id: EventId,
    /// The sender's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The node that sent it; the client, or the world, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The event that began its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub turn: Option<EventId>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What its sender attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Box<RawValue>>,
    /// Whether it belongs to an answer that was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Whether it ends an answer that begins anew, or is the new beginning: what was sent of the answer
    /// before is not part of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restarted: bool,
    /// The payload, byte for byte.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}

/// A page of the events of a session, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionEventsPage {
    /// The events. There may be fewer than the limit, and a next page.
    pub items: Vec<SessionEvent>,
    /// What to pass as `after` for the next page; absent at the end of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Position>,
}

/// `ended`, the last event of a session's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionEndedEvent {
    /// Where it is in the log.
    pub position: Position,
    /// Why the session ended: a word for programs.
    pub reason: String,
}
