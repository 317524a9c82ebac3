//! Every route of this door, on one page.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use door_kit::{DoorState, authenticate, refuse_limited};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::{AtomsState, DefaultFlow};
use crate::{probes, upgrade};

/// The routes of this door, with their description. With a `default_flow`, clients that name none find it at
/// the root.
pub fn routes(doors: &Arc<DoorState>, default_flow: Option<DefaultFlow>) -> OpenApiRouter {
    let list = match default_flow {
        Some(_) => of_worlds().merge(at_root()),
        None => of_worlds(),
    };
    let state = AtomsState {
        doors: Arc::clone(doors),
        default_flow,
    };
    list.layer(from_fn_with_state(Arc::clone(doors), refuse_limited))
        .layer(from_fn_with_state(Arc::clone(doors), authenticate))
        .with_state(state)
}

fn of_worlds() -> OpenApiRouter<AtomsState> {
    OpenApiRouter::new()
        .routes(routes!(upgrade::of_world))
        .routes(routes!(upgrade::of_flow))
        .routes(routes!(probes::world_health))
        .routes(routes!(probes::flow_health))
        .routes(routes!(probes::world_ready))
        .routes(routes!(probes::flow_ready))
}

fn at_root() -> OpenApiRouter<AtomsState> {
    OpenApiRouter::new()
        .routes(routes!(upgrade::of_default))
        .routes(routes!(probes::default_health))
        .routes(routes!(probes::default_ready))
}
