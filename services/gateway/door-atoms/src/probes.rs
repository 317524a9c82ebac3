//! Whether a flow can be used: `/health` and `/ready`, as Atoms has them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::{FlowId, WorldId};
use door_kit::{PathParams, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AtomsState;
use crate::target::Target;

/// The gateway is there.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProbeResponse {
    /// `ok`, or `ready`.
    status: &'static str,
    /// How many sessions of the flow are open; `null` while the world can't be read.
    active_sessions: Option<u64>,
}

/// The flow can't be used yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotReadyResponse {
    #[schema(inline)]
    detail: NotReady,
}

#[derive(Serialize, ToSchema)]
struct NotReady {
    /// `not_ready`.
    status: &'static str,
    /// Why.
    reason: String,
}

/// Whether the gateway is there.
#[utoipa::path(
    get, path = "/atoms/{world}/health", operation_id = "atoms_get_world_health",
    tag = "atoms", params(("world" = WorldId, Path)),
    responses((status = 200, body = ProbeResponse))
)]
pub(crate) async fn world_health(
    State(state): State<AtomsState>,
    PathParams(world): PathParams<WorldId>,
) -> Json<ProbeResponse> {
    health(&state, Ok(Target { world, flow: None })).await
}

/// Whether the gateway is there.
#[utoipa::path(
    get, path = "/atoms/{world}/{flow}/health", operation_id = "atoms_get_flow_health",
    tag = "atoms",
    params(("world" = WorldId, Path), ("flow" = FlowId, Path)),
    responses((status = 200, body = ProbeResponse))
)]
pub(crate) async fn flow_health(
    State(state): State<AtomsState>,
    PathParams((world, flow)): PathParams<(WorldId, FlowId)>,
) -> Json<ProbeResponse> {
    let flow = Some(flow);
    health(&state, Ok(Target { world, flow })).await
}

/// Whether the gateway is there.
#[utoipa::path(
    get, path = "/health", operation_id = "atoms_get_health",
    tag = "atoms", responses((status = 200, body = ProbeResponse))
)]
pub(crate) async fn default_health(State(state): State<AtomsState>) -> Json<ProbeResponse> {
    let target = Target::of_default(&state);
    health(&state, target).await
}

/// Whether the world of a flow can be read, and has it.
#[utoipa::path(
    get, path = "/atoms/{world}/ready", operation_id = "atoms_get_world_readiness",
    tag = "atoms", params(("world" = WorldId, Path)),
    responses((status = 200, body = ProbeResponse), (status = 503, body = NotReadyResponse))
)]
pub(crate) async fn world_ready(
    State(state): State<AtomsState>,
    PathParams(world): PathParams<WorldId>,
) -> Response {
    ready(&state, Ok(Target { world, flow: None })).await
}

/// Whether the world of a flow can be read, and has it.
#[utoipa::path(
    get, path = "/atoms/{world}/{flow}/ready", operation_id = "atoms_get_flow_readiness",
    tag = "atoms",
    params(("world" = WorldId, Path), ("flow" = FlowId, Path)),
    responses((status = 200, body = ProbeResponse), (status = 503, body = NotReadyResponse))
)]
pub(crate) async fn flow_ready(
    State(state): State<AtomsState>,
    PathParams((world, flow)): PathParams<(WorldId, FlowId)>,
) -> Response {
    let flow = Some(flow);
    ready(&state, Ok(Target { world, flow })).await
}

/// Whether the world of the default flow can be read, and has it.
#[utoipa::path(
    get, path = "/ready", operation_id = "atoms_get_readiness", tag = "atoms",
    responses((status = 200, body = ProbeResponse), (status = 503, body = NotReadyResponse))
)]
pub(crate) async fn default_ready(State(state): State<AtomsState>) -> Response {
    let target = Target::of_default(&state);
    ready(&state, target).await
}

async fn health(state: &AtomsState, target: Result<Target, Problem>) -> Json<ProbeResponse> {
    Json(ProbeResponse {
        status: "ok",
        active_sessions: active_sessions(state, target).await.ok(),
    })
}

async fn ready(state: &AtomsState, target: Result<Target, Problem>) -> Response {
    match active_sessions(state, target).await {
        Ok(count) => Json(ProbeResponse {
            status: "ready",
            active_sessions: Some(count),
        })
        .into_response(),
        Err(problem) => {
            let detail = NotReady {
                status: "not_ready",
                reason: problem.detail,
            };
            let body = Json(NotReadyResponse { detail });
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

async fn active_sessions(
    state: &AtomsState,
    target: Result<Target, Problem>,
) -> Result<u64, Problem> {
    let found = target?.find(&state.doors).await?;
    Ok(found.view.sessions)
}
