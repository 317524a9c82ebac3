//! Calls of tools that wait for a person: list them, and say what becomes of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::tool::{Approval, Verdict};
use contract::{ApprovalId, Command, EntityId, Seq, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shape::{Stored, sender_or_world};
use super::state::parts;
use crate::body::{Body, Ids};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// What waits for a person in a world.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Approvals {
    /// The calls, in the order in which they were made.
    #[schema(value_type = Vec<Approval>)]
    approvals: Vec<Box<RawValue>>,
    /// The last commit that is considered.
    seq: Seq,
}

/// What becomes of a call.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct VerdictBody {
    /// `"approved"`, `{"denied": {"reason": "..."}}`, or `{"answered": {"answers": [...]}}` when
    /// questions are asked.
    verdict: Verdict,
    /// Who says so; `world` when absent. An agent can't.
    sender: Option<EntityId>,
}

/// List the calls that wait for a person.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/approvals", tag = "approvals",
    params(("world" = WorldId, Path)),
    responses((status = 200, body = Approvals), (status = 404, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
) -> Result<Json<Approvals>, Problem> {
    let (seq, parts) = parts(&gateway, &world).await?;
    let approvals = parts.approvals.into_values().collect();
    Ok(Json(Approvals { approvals, seq }))
}

/// Say what becomes of a call. The first word counts.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/approvals/{approval}", tag = "approvals",
    request_body = VerdictBody,
    params(("world" = WorldId, Path), ("approval" = ApprovalId, Path)),
    responses(
        (status = 200, body = Stored), (status = 409, body = Problem),
        (status = 422, body = Problem)
    )
)]
pub(crate) async fn decide(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, approval)): Ids<(WorldId, ApprovalId)>,
    Body(body): Body<VerdictBody>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::Decide {
        approval,
        verdict: body.verdict,
    };
    let id = caller.command_id(&world);
    let sender = sender_or_world(body.sender);
    let accepted = gateway.command(&world, id, sender, command).await?;
    Ok(Json(Stored::at(accepted.seq)))
}
