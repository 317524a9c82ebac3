//! The state of a world, now or at any commit, and what its language models cost.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::WorldId;
use contract::http::{ProblemDetails, ReadAfterWrite, StateQuery, StateResponse, UsageResponse};
use contract::query::UsageQuery;
use contract::view::EncodedView;
use door_kit::{DoorState, PathParams, Problem, QueryParams, QueryRows};

/// Show the state of a world, or an outline of it. A state of more than 32 MiB is refused. Its outline, its
/// chats and entities one by one, and pages of its entities, messages and events are still shown.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/state", tag = "worlds",
    params(("world" = WorldId, Path), StateQuery),
    responses((status = 200, body = StateResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn state(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(StateQuery { at, view }): QueryParams<StateQuery>,
) -> Result<Json<StateResponse>, Problem> {
    let view = state.broker.encoded_view(&world, view.into(), at);
    let EncodedView { seq, json } = view.await?;
    Ok(Json(StateResponse { seq, state: json }))
}

/// Show what a world's language models cost, by agent and model.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/usage", tag = "worlds",
    params(("world" = WorldId, Path), ReadAfterWrite),
    responses((status = 200, body = UsageResponse), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn usage(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(ReadAfterWrite { wait_for }): QueryParams<ReadAfterWrite>,
) -> Result<Json<UsageResponse>, Problem> {
    let query = UsageQuery {
        world: world.clone(),
        wait_for,
    };
    let QueryRows { rows, has_more } = state.broker.query_world(&world, &query).await?;
    Ok(Json(UsageResponse {
        usage: rows,
        more: has_more,
    }))
}
