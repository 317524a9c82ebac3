//! Every route, on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use service_kit::Health;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::description::{self, Api};
use crate::door::native::{
    approvals, changes, chats, edits, entities, event_types, events, invocations, messages, socket,
    state, stream, timers, worlds,
};
use crate::door::{agent_world, genworlds};
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::{auth, span};

fn native() -> OpenApiRouter<Arc<Gateway>> {
    OpenApiRouter::with_openapi(Api::openapi())
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
        .routes(routes!(state::state))
        .routes(routes!(state::usage))
        .routes(routes!(events::list, events::send))
        .routes(routes!(stream::stream))
        .routes(routes!(socket::upgrade))
        .merge(conversations())
}

fn conversations() -> OpenApiRouter<Arc<Gateway>> {
    OpenApiRouter::new()
        .routes(routes!(chats::list, chats::create))
        .routes(routes!(chats::show, chats::update, chats::delete))
        .routes(routes!(chats::stop))
        .routes(routes!(chats::open))
        .routes(routes!(edits::edit, edits::remove))
        .routes(routes!(edits::branch))
        .routes(routes!(edits::forget))
        .routes(routes!(messages::list, messages::post))
        .routes(routes!(invocations::request))
        .routes(routes!(invocations::show, invocations::cancel))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::decide))
        .routes(routes!(timers::set, timers::cancel))
}

/// The service: the doors, what describes them, and the health of the process.
pub(crate) fn router(gateway: Arc<Gateway>, health: &Health) -> Router {
    let (native, api) = native().split_for_parts();
    let description = described(api).to_json().unwrap_or_default();
    let observe = axum::middleware::from_fn_with_state(Arc::clone(&gateway), span::observe);
    let guard = axum::middleware::from_fn_with_state(Arc::clone(&gateway), auth::guard);
    let body_bytes_max = gateway.config.limits.body_bytes_max;
    // From the inside out: a layer wraps those before it.
    native
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(guard)
        .merge(agent_world::routes(&gateway))
        .merge(genworlds::routes(&gateway))
        .route("/openapi.json", get(async move || openapi(description)))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(observe)
        .with_state(gateway)
        .merge(health.router())
}

/// All routes, whichever door they are of.
fn described(mut native: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    native.merge(agent_world::description());
    native.merge(genworlds::description());
    description::complete(&mut native);
    native
}

fn openapi(description: String) -> Response {
    let headers = [(axum::http::header::CONTENT_TYPE, "application/json")];
    (headers, description).into_response()
}

async fn unknown_route(uri: Uri) -> Problem {
    let detail = format!("there is nothing at {}", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "unknown_route", detail)
}

async fn unknown_method(method: Method) -> Problem {
    let detail = format!("{method} is not done here: the Allow header says what is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "unknown_method", detail)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the layer asks for"
)]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let reason = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(reason, "a request panicked");
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_lists_every_route() {
        let (_, api) = native().split_for_parts();
        let api: serde_json::Value = serde_json::from_str(&api.to_json().unwrap()).unwrap();
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1."));
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

    #[test]
    fn the_description_has_the_door_of_agent_world() {
        let api = serde_json::to_value(agent_world::description()).unwrap();
        let paths = api["paths"].as_object().unwrap();
        let methods = |path: &serde_json::Value| path.as_object().unwrap().len();
        let routes: usize = paths.values().map(methods).sum();
        assert_eq!(routes, 29, "{:?}", paths.keys());
        assert!(paths.contains_key("/worlds/{world}/hitl/respond"));
    }

    #[test]
    fn every_reference_of_the_description_has_its_schema() {
        let (_, api) = native().split_for_parts();
        let text = described(api).to_json().unwrap();
        let api: serde_json::Value = serde_json::from_str(&text).unwrap();
        let schemas = api["components"]["schemas"].as_object().unwrap();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
    }

    #[test]
    fn the_description_has_the_door_of_genworlds() {
        let api = serde_json::to_value(genworlds::description()).unwrap();
        let paths: Vec<&String> = api["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/ws", "/ws/{world}"]);
    }

    #[test]
    fn the_description_says_how_keys_are_sent_and_names_no_operation_twice() {
        let (_, api) = native().split_for_parts();
        let api = serde_json::to_value(described(api)).unwrap();
        let schemes = api["components"]["securitySchemes"].as_object().unwrap();
        let security = |of: &serde_json::Value| of["security"].as_array().map(Vec::len);
        assert_eq!((schemes.len(), security(&api)), (3, Some(2)));
        for (path, methods) in api["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let parameters = operation["parameters"].as_array();
                let may_repeat = parameters
                    .into_iter()
                    .flatten()
                    .any(|parameter| parameter["name"] == "Idempotency-Key");
                let is_read = method == "get";
                let takes_key = !is_read && path != "/mcp/servers/{id}/restart";
                assert_eq!(may_repeat, takes_key, "{method} {path}");
                assert_eq!(security(operation), is_read.then_some(3), "{method} {path}");
                assert_eq!(operation.get("operationId"), None, "{method} {path}");
            }
        }
    }
}
