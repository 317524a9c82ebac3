//! The state of a world, now or at any commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use contract::http::{ProblemDetails, StateQuery, StateResponse};
use contract::view::EncodedView;
use contract::{EntityId, WorldId};
use door_kit::{DoorState, PathParams, Principal, Problem, QueryParams};
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
