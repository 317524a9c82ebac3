//! Every route of the native door, on one page.

use std::sync::Arc;

use door_kit::DoorState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::NativeState;
use crate::{
    approvals, changes, chats, entities, event_types, events, message_edits, messages, runs,
    socket, stream, timers, world_state, worlds,
};

/// The routes of the native door, with their description.
pub fn routes(doors: &Arc<DoorState>) -> OpenApiRouter {
    list().with_state(NativeState::new(doors))
}

fn list() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(worlds::list, worlds::create))
        .routes(routes!(
            worlds::show,
            worlds::apply,
            worlds::update,
            worlds::delete
        ))
        .routes(routes!(entities::list, entities::create))
        .routes(routes!(entities::show, entities::update, entities::remove))
        .routes(routes!(changes::change))
        .routes(routes!(changes::offers))
        .routes(routes!(changes::mind))
        .routes(routes!(event_types::register))
        .routes(routes!(event_types::list))
        .routes(routes!(world_state::state))
        .routes(routes!(world_state::usage))
        .routes(routes!(events::list, events::send))
        .routes(routes!(stream::stream))
        .routes(routes!(socket::upgrade))
        .merge(chat_routes())
        .merge(run_routes())
}

fn chat_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(chats::list, chats::create))
        .routes(routes!(chats::show, chats::update, chats::delete))
        .routes(routes!(chats::stop))
        .routes(routes!(chats::open))
        .routes(routes!(message_edits::edit, message_edits::remove))
        .routes(routes!(message_edits::branch))
        .routes(routes!(message_edits::clear_memory))
        .routes(routes!(messages::list, messages::post))
}

fn run_routes() -> OpenApiRouter<NativeState> {
    OpenApiRouter::new()
        .routes(routes!(runs::request))
        .routes(routes!(runs::show, runs::cancel))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::decide))
        .routes(routes!(timers::set, timers::cancel))
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
                "DELETE /v1/worlds/{world}",
                "DELETE /v1/worlds/{world}/chats/{chat}",
                "DELETE /v1/worlds/{world}/chats/{chat}/messages/{message}",
                "DELETE /v1/worlds/{world}/entities/{entity}",
                "DELETE /v1/worlds/{world}/entities/{entity}/memory",
                "DELETE /v1/worlds/{world}/invocations/{invocation}",
                "DELETE /v1/worlds/{world}/timers/{timer}",
                "GET /v1/worlds",
                "GET /v1/worlds/{world}",
                "GET /v1/worlds/{world}/approvals",
                "GET /v1/worlds/{world}/chats",
                "GET /v1/worlds/{world}/chats/{chat}",
                "GET /v1/worlds/{world}/chats/{chat}/messages",
                "GET /v1/worlds/{world}/entities",
                "GET /v1/worlds/{world}/entities/{entity}",
                "GET /v1/worlds/{world}/entities/{entity}/mind",
                "GET /v1/worlds/{world}/entities/{entity}/offers",
                "GET /v1/worlds/{world}/event-types",
                "GET /v1/worlds/{world}/events",
                "GET /v1/worlds/{world}/events/stream",
                "GET /v1/worlds/{world}/invocations/{invocation}",
                "GET /v1/worlds/{world}/state",
                "GET /v1/worlds/{world}/usage",
                "GET /v1/worlds/{world}/ws",
                "PATCH /v1/worlds/{world}",
                "PATCH /v1/worlds/{world}/chats/{chat}",
                "PATCH /v1/worlds/{world}/entities/{entity}",
                "POST /v1/worlds",
                "POST /v1/worlds/{world}/approvals/{approval}",
                "POST /v1/worlds/{world}/changes",
                "POST /v1/worlds/{world}/chats",
                "POST /v1/worlds/{world}/chats/{chat}/branches",
                "POST /v1/worlds/{world}/chats/{chat}/messages",
                "POST /v1/worlds/{world}/chats/{chat}/open",
                "POST /v1/worlds/{world}/chats/{chat}/stop",
                "POST /v1/worlds/{world}/entities",
                "POST /v1/worlds/{world}/events",
                "POST /v1/worlds/{world}/invocations",
                "PUT /v1/worlds/{world}",
                "PUT /v1/worlds/{world}/chats/{chat}/messages/{message}",
                "PUT /v1/worlds/{world}/event-types/{type}",
                "PUT /v1/worlds/{world}/timers/{timer}",
            ]
        );
    }
}
