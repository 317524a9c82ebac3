//! Tool calls that wait for a person: list them, decide about one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::http::{ApprovalsResponse, DecideApprovalRequest, ProblemDetails, Receipt};
use contract::view::GetApprovals;
use contract::{ApprovalId, Command, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem, ViewAt};

use crate::command_sender::CommandSender;
use crate::responses::sender_or_world;

/// List the tool calls that wait for a person.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/approvals", operation_id = "list_approvals", tag = "approvals",
    params(("world" = WorldId, Path)),
    responses(
        (status = 200, body = ApprovalsResponse), (status = 404, body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
) -> Result<Json<ApprovalsResponse>, Problem> {
    let ViewAt { seq, view } = state.broker.view(&world, GetApprovals).await?;
    Ok(Json(ApprovalsResponse {
        approvals: view,
        seq,
    }))
}

/// Decide about a tool call. The first decision counts.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/approvals/{approval}", operation_id = "decide_approval",
    tag = "approvals",
    request_body = DecideApprovalRequest,
    params(("world" = WorldId, Path), ("approval" = ApprovalId, Path)),
    responses(
        (status = 200, body = Receipt), (status = 409, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn decide(
    commands: CommandSender,
    PathParams((world, approval)): PathParams<(WorldId, ApprovalId)>,
    JsonBody(body): JsonBody<DecideApprovalRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::Decide {
        approval,
        verdict: body.verdict,
    };
    let sender = sender_or_world(body.sender);
    let seq = commands.send(&world, sender, command).await?;
    Ok(Json(Receipt::at(seq)))
}
