//! Timers: set and cancel.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::command::SetTimer;
use contract::http::{ProblemDetails, Receipt, SetTimerRequest};
use contract::{Command, EntityId, TimerId, WorldId};
use door_kit::{DoorState, Idempotency, JsonBody, PathParams, Problem};

use crate::responses::sender_or_world;

/// Set a timer, or set it again.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/timers/{timer}", tag = "timers",
    request_body = SetTimerRequest,
    params(("world" = WorldId, Path), ("timer" = TimerId, Path)),
    responses((status = 200, body = Receipt), (status = 422, body = ProblemDetails))
)]
pub(crate) async fn set(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, timer)): PathParams<(WorldId, TimerId)>,
    JsonBody(body): JsonBody<SetTimerRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::SetTimer(SetTimer {
        timer: timer.clone(),
        due: body.due,
        repeat: body.repeat,
        event: body.event,
        message: body.message,
    });
    let id = idempotency.command_id(&world);
    let sender = sender_or_world(body.sender);
    let sent = state.broker.send_command(&world, id, sender, command);
    Ok(Json(Receipt::created(&timer, sent.await?.seq)))
}

/// Cancel a timer.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/timers/{timer}", tag = "timers",
    params(("world" = WorldId, Path), ("timer" = TimerId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn cancel(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, timer)): PathParams<(WorldId, TimerId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::CancelTimer {
        timer: timer.clone(),
    };
    let id = idempotency.command_id(&world);
    let sender = EntityId::world();
    let sent = state.broker.send_command(&world, id, sender, command);
    Ok(Json(Receipt::created(&timer, sent.await?.seq)))
}
