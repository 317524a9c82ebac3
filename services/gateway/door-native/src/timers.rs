//! Timers: set and cancel.

use axum::Json;
use contract::command::SetTimer;
use contract::http::{ProblemDetails, Receipt, SetTimerRequest};
use contract::{Command, TimerId, WorldId};
use door_kit::{JsonBody, PathParams, Problem};

use crate::command_sender::CommandSender;
use crate::responses::sender_or_world;

/// Set a timer, or set it again.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/timers/{timer}", operation_id = "set_timer", tag = "timers",
    request_body = SetTimerRequest,
    params(("world" = WorldId, Path), ("timer" = TimerId, Path)),
    responses((status = 200, body = Receipt), (status = 422, body = ProblemDetails))
)]
pub(crate) async fn set(
    commands: CommandSender,
    PathParams((world, timer)): PathParams<(WorldId, TimerId)>,
    JsonBody(body): JsonBody<SetTimerRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::SetTimer(SetTimer {
        timer: timer.clone(),
        due: body.due,
        repeat: body.repeat,
        zone: body.zone,
        event: body.event,
        message: body.message,
    });
    let sender = sender_or_world(body.sender);
    let seq = commands.send(&world, sender, command).await?;
    Ok(Json(Receipt::created(&timer, seq)))
}

/// Cancel a timer.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/timers/{timer}", operation_id = "cancel_timer",
    tag = "timers",
    params(("world" = WorldId, Path), ("timer" = TimerId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn cancel(
    commands: CommandSender,
    PathParams((world, timer)): PathParams<(WorldId, TimerId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::CancelTimer {
        timer: timer.clone(),
    };
    commands.write(&world, &timer, command).await
}
