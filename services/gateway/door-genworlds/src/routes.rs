//! Every route of this door, on one page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use contract::WorldId;
use door_kit::{DoorState, authenticate, check_origin, refuse_limited_keys};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::GenWorldsState;
use crate::upgrade;

/// The routes of this door, with their description. `default_world` is the world of a client that
/// names none; without it, such a client is connected to the only world there is.
pub fn routes(doors: &Arc<DoorState>, default_world: Option<WorldId>) -> OpenApiRouter {
    let list = of_worlds().routes(routes!(upgrade::upgrade_default));
    with_state(list, doors, default_world)
}

/// The routes of this door without `/ws`, where another door has that.
pub fn routes_of_worlds(doors: &Arc<DoorState>) -> OpenApiRouter {
    with_state(of_worlds(), doors, None)
}

fn with_state(
    list: OpenApiRouter<GenWorldsState>,
    doors: &Arc<DoorState>,
    default_world: Option<WorldId>,
) -> OpenApiRouter {
    let state = GenWorldsState {
        doors: Arc::clone(doors),
        default_world,
        frame_slot: doors.register_frame_slot(),
    };
    list.layer(from_fn_with_state(Arc::clone(doors), refuse_limited_keys))
        .layer(from_fn_with_state(Arc::clone(doors), authenticate))
        .layer(from_fn_with_state(Arc::clone(doors), require_same_origin))
        .with_state(state)
}

fn of_worlds() -> OpenApiRouter<GenWorldsState> {
    OpenApiRouter::new().routes(routes!(upgrade::upgrade))
}

/// Browsers let any page open a WebSocket to anywhere: where no API key is configured, it could act for
/// the person who visits it.
async fn require_same_origin(
    State(doors): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = check_origin(&doors, request.headers()) {
        return problem.into_response();
    }
    next.run(request).await
}
