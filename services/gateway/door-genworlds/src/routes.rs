//! Every route of this door, on one page.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use door_kit::{DoorState, authenticate};
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
        .with_state(state)
}

fn of_worlds() -> OpenApiRouter<GenWorldsState> {
    OpenApiRouter::new().routes(routes!(upgrade::upgrade))
}
