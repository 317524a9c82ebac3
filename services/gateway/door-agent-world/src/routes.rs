//! Every route of this door, on one page.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Json, Router};
use contract::Timestamp;
use door_kit::{DoorState, authenticate};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AgentWorldState;
use crate::{agents, approvals, chats, edits, events, export, mcp, messages, middleware, worlds};

/// The routes of this door, with their description: each is there with and without `/api` before it,
/// and is described once.
pub fn routes(doors: &Arc<DoorState>) -> OpenApiRouter {
    let (routes, api) = list().split_for_parts();
    // From the inside out: the preflight request of a browser has no API key.
    let router = Router::new()
        .merge(routes.clone())
        .nest("/api", routes)
        .layer(DefaultBodyLimit::max(doors.body_bytes_max))
        .layer(from_fn_with_state(Arc::clone(doors), authenticate))
        .route("/health", get(health))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described() {
        let api = serde_json::to_value(list().into_openapi()).unwrap();
        let mut routes = Vec::new();
        for (path, methods) in api["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                routes.push(format!("{} {path}", method.to_uppercase()));
            }
        }
        routes.sort();
        assert_eq!(
            routes,
            [
                "DELETE /worlds/{world}",
                "DELETE /worlds/{world}/agents/{agent}",
                "DELETE /worlds/{world}/agents/{agent}/memory",
                "DELETE /worlds/{world}/chats/{chat}",
                "DELETE /worlds/{world}/messages/{message}",
                "GET /mcp/health",
                "GET /mcp/servers",
                "GET /tool-artifact",
                "GET /worlds",
                "GET /worlds/{world}",
                "GET /worlds/{world}/agents",
                "GET /worlds/{world}/agents/{agent}",
                "GET /worlds/{world}/chats",
                "GET /worlds/{world}/events",
                "GET /worlds/{world}/export",
                "GET /worlds/{world}/status",
                "PATCH /worlds/{world}",
                "PATCH /worlds/{world}/agents/{agent}",
                "POST /mcp/servers/{id}/restart",
                "POST /worlds",
                "POST /worlds/{world}/agents",
                "POST /worlds/{world}/chat",
                "POST /worlds/{world}/chats",
                "POST /worlds/{world}/hitl/respond",
                "POST /worlds/{world}/load-chat/{chat}",
                "POST /worlds/{world}/messages",
                "POST /worlds/{world}/messages/stop",
                "POST /worlds/{world}/setChat/{chat}",
                "PUT /worlds/{world}/messages/{message}",
            ]
        );
    }
}
