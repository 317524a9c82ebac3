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
mod input;
mod layer;
mod messages;
mod model;
mod sender;
mod shape;
mod teller;
mod turn;
mod watch;
mod worlds;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use contract::Timestamp;
use serde_json::{Value, json};

use crate::auth;
use crate::gateway::Gateway;
use doorway::Doorway;

/// Every route of this door.
pub(crate) fn routes(gateway: &Arc<Gateway>) -> Router<Arc<Gateway>> {
    let guard = axum::middleware::from_fn_with_state(Arc::clone(gateway), auth::guard);
    let body_bytes_max = gateway.config.limits.body_bytes_max;
    let routes = worlds_and_agents().merge(conversations());
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

fn worlds_and_agents() -> Router<Arc<Doorway>> {
    Router::new()
        .route("/worlds", get(worlds::list).post(worlds::create))
        .route(
            "/worlds/{world}",
            get(worlds::show)
                .patch(worlds::update)
                .delete(worlds::delete),
        )
        .route("/worlds/{world}/status", get(chats::status))
        .route("/worlds/{world}/export", get(export::export))
        .route(
            "/worlds/{world}/agents",
            get(agents::list).post(agents::create),
        )
        .route(
            "/worlds/{world}/agents/{agent}",
            get(agents::show)
                .patch(agents::update)
                .delete(agents::remove),
        )
        .route(
            "/worlds/{world}/agents/{agent}/memory",
            delete(agents::clear_memory),
        )
}

fn conversations() -> Router<Arc<Doorway>> {
    Router::new()
        .route(
            "/worlds/{world}/chats",
            get(chats::list).post(chats::create),
        )
        .route("/worlds/{world}/new-chat", post(chats::create))
        .route("/worlds/{world}/setChat/{chat}", post(chats::set))
        .route("/worlds/{world}/load-chat/{chat}", post(chats::load))
        .route("/worlds/{world}/chats/{chat}", delete(chats::delete))
        .route("/worlds/{world}/messages", post(messages::post))
        .route("/worlds/{world}/chat", post(messages::post_older))
        .route("/worlds/{world}/messages/stop", post(edits::stop))
        .route(
            "/worlds/{world}/messages/{message}",
            put(edits::edit).delete(edits::remove),
        )
        .route("/worlds/{world}/events", get(events::stream))
}

async fn health() -> Json<Value> {
    Json(json!({
        "status": "healthy",
        "timestamp": Timestamp::now(),
        "services": {"express": "running"},
    }))
}
