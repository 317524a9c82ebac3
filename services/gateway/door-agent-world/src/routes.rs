//! Every route of this door, on one page.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Json, Router};
use contract::Timestamp;
use door_kit::{DoorState, authenticate, check_idempotency_key, refuse_limited};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AgentWorldState;
use crate::{
    agents, approvals, chat_messages, chats, edits, events, export, mcp, messages, middleware,
    worlds,
};

/// The routes of this door, with their description: each is there with and without `/api` before it,
/// and is described once.
pub fn routes(doors: &Arc<DoorState>) -> OpenApiRouter {
    with_health(doors, Router::new().route("/health", get(health)))
}

/// The routes of this door without `/health`, where another door has that.
pub fn routes_without_health(doors: &Arc<DoorState>) -> OpenApiRouter {
    with_health(doors, Router::new())
}

fn with_health(doors: &Arc<DoorState>, health: Router<Arc<AgentWorldState>>) -> OpenApiRouter {
    let (routes, api) = list().split_for_parts();
    // From the inside out: the preflight request of a browser has no API key.
    let router = Router::new()
        .merge(routes.clone())
        .nest("/api", routes)
        .layer(from_fn_with_state(Arc::clone(doors), check_idempotency_key))
        .layer(DefaultBodyLimit::max(doors.body_bytes_max))
        .layer(from_fn_with_state(Arc::clone(doors), refuse_limited))
        .layer(from_fn_with_state(Arc::clone(doors), authenticate))
        .merge(health)
        .layer(from_fn_with_state(
            Arc::clone(doors),
            middleware::complete_responses,
        ))
        .with_state(Arc::new(AgentWorldState::new(doors)));
    let mut described = OpenApiRouter::from(router);
    *described.get_openapi_mut() = api;
    described
}

fn list() -> OpenApiRouter<Arc<AgentWorldState>> {
    OpenApiRouter::new()
        .merge(world_routes())
        .merge(chat_routes())
        .merge(tool_routes())
}

fn world_routes() -> OpenApiRouter<Arc<AgentWorldState>> {
    OpenApiRouter::new()
        .routes(routes!(worlds::list, worlds::create))
        .routes(routes!(worlds::show, worlds::update, worlds::delete))
        .routes(routes!(chats::status))
        .routes(routes!(export::handler::export))
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(agents::show, agents::update, agents::remove))
        .routes(routes!(agents::clear_memory))
}

fn chat_routes() -> OpenApiRouter<Arc<AgentWorldState>> {
    OpenApiRouter::new()
        .routes(routes!(chats::list, chats::create))
        // The path of older clients for the same.
        .route("/worlds/{world}/new-chat", post(chats::create))
        .routes(routes!(chats::set))
        .routes(routes!(chats::load))
        .routes(routes!(chats::delete))
        .routes(routes!(chat_messages::list))
        .routes(routes!(messages::post))
        .routes(routes!(messages::post_in_open_chat))
        .routes(routes!(edits::stop))
        .routes(routes!(edits::edit, edits::remove))
        .routes(routes!(approvals::respond))
        .routes(routes!(events::stream))
}

fn tool_routes() -> OpenApiRouter<Arc<AgentWorldState>> {
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
