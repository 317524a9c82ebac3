//! What the native door's requests and answers have in common.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::commit::Position;
use contract::query::PAGE_ROWS_MAX;
use contract::{ChatId, EntityId, EventId, EventType, NewEvent, Seq, Target, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::gateway::Gateway;
use crate::problem::Problem;

/// Rows of a page when the client does not say.
const PAGE_ROWS: u32 = 100;

/// A write that is durable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stored {
    /// The id of what was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The ids of the events that were sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ids: Vec<EventId>,
    /// The commit that holds it: pass it as `wait_for` to read it from the archive.
    pub(crate) seq: Seq,
}

impl Stored {
    pub(crate) fn at(seq: Seq) -> Self {
        Self {
            id: None,
            ids: Vec::new(),
            seq,
        }
    }

    pub(crate) fn made(id: &impl ToString, seq: Seq) -> Self {
        Self {
            id: Some(id.to_string()),
            ..Self::at(seq)
        }
    }

    pub(crate) fn created(self) -> Response {
        (StatusCode::CREATED, Json(self)).into_response()
    }
}

/// How many rows a page has.
///
/// # Errors
/// 400 when it is none, or more than a page may have.
pub(crate) fn page_rows(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(PAGE_ROWS);
    if (1..=PAGE_ROWS_MAX).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("a page has 1 to {PAGE_ROWS_MAX} rows");
    Err(Problem::bad_address("limit", detail))
}

/// A page that is empty because there is no such world is a 404.
///
/// # Errors
/// 404 then.
pub(crate) async fn check_world(
    gateway: &Gateway,
    world: &WorldId,
    page_is_empty: bool,
) -> Result<(), Problem> {
    if page_is_empty {
        let bus = gateway.link.bus().await?;
        if gateway.link.during(bus.log().last_seq(world)).await? == 0 {
            return Err(Problem::unknown_world(world));
        }
    }
    Ok(())
}

/// An event that a client wants to send.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EventDraft {
    /// A type of the client's own, best namespaced.
    #[serde(rename = "type")]
    event_type: EventType,
    /// Whom it is for; nobody named means everyone in the world.
    target: Option<Target>,
    /// The chat that it belongs to.
    chat: Option<ChatId>,
    /// The event that led to this one.
    #[schema(value_type = Option<Uuid>)]
    causation: Option<EventId>,
    /// What everything of one conversation or request shares.
    correlation: Option<Uuid>,
    /// The URI of the schema of `data`.
    schema: Option<String>,
    /// What this kind of event means.
    description: Option<String>,
    /// What this one event says, in a line.
    summary: Option<String>,
    /// Whatever else is attached: a JSON object.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// The payload: any JSON, passed on byte for byte.
    #[schema(value_type = serde_json::Value)]
    data: Box<RawValue>,
}

impl From<EventDraft> for NewEvent {
    fn from(draft: EventDraft) -> Self {
        Self {
            target: draft.target,
            chat: draft.chat,
            causation: draft.causation,
            correlation: draft.correlation,
            schema: draft.schema,
            description: draft.description,
            summary: draft.summary,
            metadata: draft.metadata,
            ..Self::new(draft.event_type, draft.data)
        }
    }
}

/// In whose name a request is made that does not say: the system's own.
pub(crate) fn sender_or_world(sender: Option<EntityId>) -> EntityId {
    sender.unwrap_or_else(EntityId::world)
}

/// The place before everything of a commit.
pub(crate) fn before(seq: Seq) -> Position {
    Position::end_of(seq.saturating_sub(1))
}
