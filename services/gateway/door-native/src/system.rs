//! The system for those who operate it: its processes, what waits for them, and its log.

mod response;

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use contract::http::ProblemDetails;
use door_kit::{DoorState, Principal, Problem};

use self::response::SystemResponse;

/// Show the system: the processes that are alive with their state, what waits for workers, and how large the log is.
#[utoipa::path(
    get, path = "/v1/system", operation_id = "get_system", tag = "system",
    responses((status = 200, body = SystemResponse), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<SystemResponse>, Problem> {
    state.require_every_entity(&principal)?;
    let system = Box::pin(state.broker.system()).await?;
    Ok(Json(SystemResponse::new(system, state.trace_url.clone())))
}
