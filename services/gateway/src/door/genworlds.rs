//! The door for clients of GenWorlds: a WebSocket on which every frame is one event, a flat JSON
//! object.
//!
//! It decides nothing that the world decides. What a client sends becomes an event of the world
//! ([`spoken`]), and what happens in the world is told as a frame ([`told`]); the few words that this
//! system and GenWorlds have for the same thing are in [`words`]. A connection speaks for one entity
//! ([`speaker`]), and hears what is for it. What GenWorlds answers from the state of a world is
//! answered so ([`answers`]) to whoever asks, and is no event: it would be most of the log.

mod address;
mod answers;
mod model;
mod names;
mod refusal;
mod requests;
mod session;
mod speaker;
mod spoken;
mod talk;
mod told;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth;
use crate::gateway::Gateway;
use crate::origin;

/// Every route of this door.
pub(crate) fn routes(gateway: &Arc<Gateway>) -> Router<Arc<Gateway>> {
    let guard = middleware::from_fn_with_state(Arc::clone(gateway), auth::guard);
    let pages = middleware::from_fn_with_state(Arc::clone(gateway), keep_foreign_pages_out);
    let (routes, _) = described().split_for_parts();
    routes.layer(guard).layer(pages)
}

/// What describes the routes.
pub(crate) fn description() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Arc<Gateway>> {
    OpenApiRouter::new()
        .routes(routes!(address::at_the_door))
        .routes(routes!(address::in_a_world))
}

/// Where no key is asked for, only pages of this machine are let in: browsers let any page open a
/// WebSocket to anywhere, and it could do everything in the name of whoever reads it.
async fn keep_foreign_pages_out(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = origin::check(&gateway, request.headers()) {
        return problem.into_response();
    }
    next.run(request).await
}
