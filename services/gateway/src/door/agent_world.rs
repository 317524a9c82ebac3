//! The door for clients of Agent World: its REST and SSE interface, over the same commands and
//! events as the native one.
//!
//! It decides nothing that the world decides: who answers, what is a mention, when a turn ends. It
//! reads a world's state ([`model`]), writes it as these clients know it ([`shape`]), and tells them
//! what happens in their words ([`teller`]). Both the current routes and those of older clients are
//! there, with and without `/api` before them.

mod agent;
mod agents;
mod chats;
mod doorway;
mod edits;
mod envelope;
mod events;
mod export;
mod failure;
mod hitl;
mod input;
mod layer;
mod mcp;
mod mcp_config;
mod messages;
mod model;
mod prompt;
mod results;
mod sender;
mod shape;
mod teller;
mod turn;
mod watch;
mod worlds;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Json, Router};
use contract::Timestamp;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth;
use crate::gateway::Gateway;
use doorway::Doorway;

/// Every route of this door.
pub(crate) fn routes(gateway: &Arc<Gateway>) -> Router<Arc<Gateway>> {
    let guard = axum::middleware::from_fn_with_state(Arc::clone(gateway), auth::guard);
    let body_bytes_max = gateway.config.limits.body_bytes_max;
    let (routes, _) = described().split_for_parts();
    // From the inside out: browsers ask before a request, and without its key, whether they may.
    Router::new()
        .merge(routes.clone())
        .nest("/api", routes)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(guard)
        .route("/health", get(health))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(gateway),
            layer::around,
        ))
        .with_state(Arc::new(Doorway::new(Arc::clone(gateway))))
}

/// What describes the routes. They are the same behind `/api`.
pub(crate) fn description() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Arc<Doorway>> {
    worlds_and_agents().merge(conversations()).merge(tools())
}

fn worlds_and_agents() -> OpenApiRouter<Arc<Doorway>> {
    OpenApiRouter::new()
        .routes(routes!(worlds::list, worlds::create))
        .routes(routes!(worlds::show, worlds::update, worlds::delete))
        .routes(routes!(chats::status))
        .routes(routes!(export::export))
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(agents::show, agents::update, agents::remove))
        .routes(routes!(agents::clear_memory))
}

fn conversations() -> OpenApiRouter<Arc<Doorway>> {
    OpenApiRouter::new()
        .routes(routes!(chats::list, chats::create))
        // What older clients call the same.
        .route("/worlds/{world}/new-chat", post(chats::create))
        .routes(routes!(chats::set))
        .routes(routes!(chats::load))
        .routes(routes!(chats::delete))
        .routes(routes!(messages::post))
        .routes(routes!(messages::post_older))
        .routes(routes!(edits::stop))
        .routes(routes!(edits::edit, edits::remove))
        .routes(routes!(hitl::respond))
        .routes(routes!(events::stream))
}

fn tools() -> OpenApiRouter<Arc<Doorway>> {
    OpenApiRouter::new()
        .routes(routes!(mcp::list))
        .routes(routes!(mcp::restart))
        .routes(routes!(mcp::health))
        .routes(routes!(mcp::artifact))
}

async fn health() -> Json<Value> {
    Json(json!({
        "status": "healthy",
        "timestamp": Timestamp::now(),
        "services": {"express": "running"},
    }))
}
