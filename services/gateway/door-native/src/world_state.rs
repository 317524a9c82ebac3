//! The state of a world, now or at any commit, and what its language models cost.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use contract::http::{ProblemDetails, ReadAfterWrite, StateQuery, StateResponse, UsageResponse};
use contract::query::UsageQuery;
use contract::view::EncodedView;
use contract::{EntityId, WorldId};
use door_kit::{DoorState, PathParams, Principal, Problem, QueryParams, QueryRows};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// Show the state of a world, or an outline of it. A state of more than 32 MiB is refused. Its outline, its
/// chats and entities one by one, and pages of its entities, messages and events are still shown.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/state", operation_id = "get_state", tag = "worlds",
    params(("world" = WorldId, Path), StateQuery),
    responses((status = 200, body = StateResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn state(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(StateQuery { at, view }): QueryParams<StateQuery>,
) -> Result<Json<StateResponse>, Problem> {
    let view = state.broker.encoded_view(&world, view.into(), at);
    let EncodedView { seq, json } = view.await?;
    let state = match state.readable_clients(&principal) {
        Some(clients) => without_sessions_of_others(&json, &clients)?,
        None => json,
    };
    Ok(Json(StateResponse { seq, state }))
}

/// The state with the sessions of these clients only.
fn without_sessions_of_others(
    json: &RawValue,
    clients: &BTreeSet<EntityId>,
) -> Result<Box<RawValue>, Problem> {
    let parsed = serde_json::from_str(json.get());
    let mut state: Value = parsed.map_err(|_| Problem::internal())?;
    let is_readable = |session: &Value| {
        let client = session["entity"].as_str();
        clients.iter().any(|own| client == Some(own.as_str()))
    };
    if let Some(Value::Object(sessions)) = state.get_mut("sessions") {
        sessions.retain(|_, session| is_readable(session));
    }
    to_raw_value(&state).map_err(|_| Problem::internal())
}

/// Show what a world's language models cost, by agent and model.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/usage", operation_id = "get_usage", tag = "worlds",
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
