//! Types of custom events that a world checks: register one, list them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::ability::EventTypeVersion;
use contract::command::View;
use contract::{Command, EntityId, EventType, Seq, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::shape::Stored;
use super::state::parts;
use crate::body::{Body, Ids};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// The types of a world, each with its versions, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventTypes {
    #[schema(value_type = BTreeMap<String, Vec<VersionShown>>)]
    event_types: BTreeMap<String, Box<RawValue>>,
    /// The last commit in this.
    seq: Seq,
}

/// One version of a type.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the world has written")]
struct VersionShown {
    /// Which one, from 1. The newest holds for events that name none.
    version: u32,
    /// What such an event means.
    description: String,
    /// What it holds: a JSON Schema.
    #[schema(value_type = Object)]
    schema: Value,
}

/// What events of a type hold.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EventTypeBody {
    /// Which version this is. What was valid under a version stays valid under it: any other change
    /// needs the next one.
    #[serde(default = "first")]
    #[schema(default = 1, minimum = 1)]
    version: u32,
    /// What such an event means.
    #[serde(default)]
    description: String,
    /// A JSON Schema (draft 2020-12).
    #[schema(value_type = Object)]
    schema: Value,
}

const fn first() -> u32 {
    1
}

/// Check events of a type from now on.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/event-types/{type}", tag = "events",
    request_body = EventTypeBody,
    params(("world" = WorldId, Path), ("type" = EventType, Path)),
    responses(
        (status = 200, body = Stored), (status = 409, body = Problem),
        (status = 422, body = Problem)
    )
)]
pub(crate) async fn register(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, event_type)): Ids<(WorldId, EventType)>,
    Body(body): Body<EventTypeBody>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::RegisterEventType(EventTypeVersion {
        event_type: event_type.clone(),
        version: body.version,
        description: body.description,
        schema: body.schema,
    });
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&event_type, accepted.seq)))
}

/// List the types of events that a world checks.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/event-types", tag = "events",
    params(("world" = WorldId, Path)),
    responses((status = 200, body = EventTypes), (status = 404, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
) -> Result<Json<EventTypes>, Problem> {
    let (seq, parts) = parts(&gateway, &world, View::Whole).await?;
    Ok(Json(EventTypes {
        event_types: parts.event_types,
        seq,
    }))
}
