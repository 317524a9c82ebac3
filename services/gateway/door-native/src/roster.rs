//! Who is in a world, in which role, and what machines have done.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::http::{
    AtQuery, ProblemDetails, Receipt, RosterResponse, SetRoleRequest, StatisticsResponse,
};
use contract::view::{GetRoster, GetStatistics};
use contract::{Command, EntityId, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem, QueryParams};

use crate::command_sender::CommandSender;
use crate::responses::sender_or_world;

/// Show who is in a world, with roles, states and partners.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/roster", operation_id = "get_roster", tag = "behaviours",
    params(("world" = WorldId, Path), AtQuery),
    responses((status = 200, body = RosterResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(AtQuery { at }): QueryParams<AtQuery>,
) -> Result<Json<RosterResponse>, Problem> {
    let found = state.broker.view_at(&world, GetRoster, at).await?;
    Ok(Json(RosterResponse {
        roster: found.view.roster,
        seq: found.seq,
    }))
}

/// Give an entity another role, and with it the behaviour of that role, if it has one.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/entities/{entity}/role", operation_id = "set_role",
    tag = "behaviours",
    request_body = SetRoleRequest,
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses(
        (status = 200, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn set_role(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
    JsonBody(SetRoleRequest { role, sender }): JsonBody<SetRoleRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::SetRole {
        entity: entity.clone(),
        role,
    };
    let sender = sender_or_world(sender);
    let seq = commands.send(&world, sender, command).await?;
    Ok(Json(Receipt::created(&entity, seq)))
}

/// Show how long machines were in their states, how their actions ended, and how many entities have which
/// role.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/statistics", operation_id = "get_statistics",
    tag = "behaviours",
    params(("world" = WorldId, Path), AtQuery),
    responses((status = 200, body = StatisticsResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn statistics(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(AtQuery { at }): QueryParams<AtQuery>,
) -> Result<Json<StatisticsResponse>, Problem> {
    let found = state.broker.view_at(&world, GetStatistics, at).await?;
    Ok(Json(StatisticsResponse {
        statistics: found.view,
        seq: found.seq,
    }))
}
