//! The types of custom events that a world checks: register one, list them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::ability::EventTypeVersion;
use contract::http::{EventTypesResponse, ProblemDetails, Receipt, RegisterEventTypeRequest};
use contract::view::{EncodedView, GetEventTypes, GetView};
use contract::{Command, EventType, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem};

use crate::command_sender::CommandSender;

/// Check events of a type from now on.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/event-types/{type}", operation_id = "register_event_type",
    tag = "events",
    request_body = RegisterEventTypeRequest,
    params(("world" = WorldId, Path), ("type" = EventType, Path)),
    responses(
        (status = 200, body = Receipt), (status = 409, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn register(
    commands: CommandSender,
    PathParams((world, event_type)): PathParams<(WorldId, EventType)>,
    JsonBody(body): JsonBody<RegisterEventTypeRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::RegisterEventType(EventTypeVersion {
        event_type: event_type.clone(),
        version: body.version,
        description: body.description,
        schema: body.schema,
    });
    commands.write(&world, &event_type, command).await
}

/// List the types of events that a world checks.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/event-types", operation_id = "list_event_types", tag = "events",
    params(("world" = WorldId, Path)),
    responses((status = 200, body = EventTypesResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
) -> Result<Json<EventTypesResponse>, Problem> {
    let request = GetEventTypes.into_request();
    let EncodedView { seq, json } = state.broker.encoded_view(&world, request, None).await?;
    Ok(Json(EventTypesResponse {
        event_types: json,
        seq,
    }))
}
