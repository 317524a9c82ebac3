//! Timers: set and cancel.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::chat::ChatText;
use contract::command::SetTimer;
use contract::{Command, EntityId, TimerId, Timestamp, WorldId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::shape::{EventDraft, Stored, sender_or_world};
use crate::body::{Body, Ids};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// When a timer fires, and what is sent then.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TimerBody {
    /// When it fires; at once when that has passed. The first moment of `repeat` when absent.
    due: Option<Timestamp>,
    /// When it fires again and again: a cron expression of five fields, in UTC.
    #[schema(example = "0 9 * * MON-FRI")]
    repeat: Option<String>,
    /// What is sent then, beside `timer.fired`.
    event: Option<EventDraft>,
    /// What is said then, in the name of the sender.
    message: Option<ChatText>,
    /// In whose name; `world` when absent.
    sender: Option<EntityId>,
}

/// Set a timer, or set it anew.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/timers/{timer}", tag = "timers", request_body = TimerBody,
    params(("world" = WorldId, Path), ("timer" = TimerId, Path)),
    responses((status = 200, body = Stored), (status = 422, body = Problem))
)]
pub(crate) async fn set(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, timer)): Ids<(WorldId, TimerId)>,
    Body(body): Body<TimerBody>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::SetTimer(SetTimer {
        timer: timer.clone(),
        due: body.due,
        repeat: body.repeat,
        event: body.event.map(Into::into),
        message: body.message,
    });
    let id = caller.command_id(&world);
    let sender = sender_or_world(body.sender);
    let accepted = gateway.command(&world, id, sender, command).await?;
    Ok(Json(Stored::made(&timer, accepted.seq)))
}

/// Call off a timer.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/timers/{timer}", tag = "timers",
    params(("world" = WorldId, Path), ("timer" = TimerId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn cancel(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, timer)): Ids<(WorldId, TimerId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::CancelTimer {
        timer: timer.clone(),
    };
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&timer, accepted.seq)))
}
