//! Calls of tools that wait for a person: list them, and say what becomes of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::command::View;
use contract::tool::{Approval, Verdict};
use contract::{ApprovalId, Command, EntityId, Seq, Timestamp, WorldId};
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

/// When a call was made.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    asked_at: Timestamp,
    id: ApprovalId,
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
    let (seq, parts) = parts(&gateway, &world, View::Outline).await?;
    let mut approvals: Vec<_> = parts.approvals.into_values().collect();
    sort(&mut approvals);
    Ok(Json(Approvals { approvals, seq }))
}

/// Ids are hashes: they say nothing about an order.
fn sort(approvals: &mut [Box<RawValue>]) {
    approvals.sort_by_cached_key(|approval| serde_json::from_str::<Place>(approval.get()).ok());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_are_in_the_order_in_which_they_were_made() {
        let approval = |id: u8, second: u8| {
            RawValue::from_string(format!(
                r#"{{"id":"018f0000-0000-7000-8000-00000000000{id}","asked_at":"2026-01-31T12:00:0{second}.000Z"}}"#
            ))
        };
        let made = [(3, 1), (2, 2), (4, 2), (1, 3)];
        let mut approvals: Vec<_> = [3, 1, 0, 2]
            .map(|index| approval(made[index].0, made[index].1).unwrap())
            .into();
        sort(&mut approvals);
        let expected = made.map(|(id, second)| approval(id, second).unwrap().to_string());
        let sorted: Vec<_> = approvals.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, expected);
    }
}
