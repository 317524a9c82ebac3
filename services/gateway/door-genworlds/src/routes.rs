//! Every route of this door, on one page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use door_kit::{DoorState, authenticate, check_origin};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::settings::Settings;
use crate::state::GenWorldsState;
use crate::upgrade;

/// The routes of this door, with their description.
pub fn routes(doors: &Arc<DoorState>, settings: Settings) -> OpenApiRouter {
    let list = of_worlds().routes(routes!(upgrade::upgrade_default));
    with_state(list, doors, settings)
}

/// The routes of this door without `/ws`, where another door has that.
pub fn routes_of_worlds(doors: &Arc<DoorState>, settings: Settings) -> OpenApiRouter {
    with_state(of_worlds(), doors, settings)
}

fn with_state(
    list: OpenApiRouter<GenWorldsState>,
    doors: &Arc<DoorState>,
    settings: Settings,
) -> OpenApiRouter {
    let state = GenWorldsState {
        doors: Arc::clone(doors),
        settings,
        worlds: Arc::default(),
        frame_slot: doors.register_frame_slot(),
        content_slot: doors.register_frame_slot(),
    };
    list.layer(from_fn_with_state(Arc::clone(doors), authenticate))
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
