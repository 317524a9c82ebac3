//! The routes of all doors, put together.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use door_atoms::DefaultFlow;
use door_kit::{
    DoorState, Problem, authenticate, check_idempotency_key, record_request, refuse_foreign_pages,
};
use service_kit::Health;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;

use crate::openapi;

/// What clients of single doors get.
pub(crate) struct Defaults {
    /// What is configured for clients of GenWorlds.
    pub(crate) genworlds: door_genworlds::Settings,
    /// The flow at `/ws`, for clients of Atoms, which then have that path.
    pub(crate) atoms_flow: Option<DefaultFlow>,
}

/// The doors, the description of their routes, and the health of the process.
pub(crate) fn router(
    doors: &Arc<DoorState>,
    defaults: Defaults,
    cors: Option<CorsLayer>,
    health: &Health,
) -> Router {
    let (native, native_api) = door_native::routes(doors).split_for_parts();
    // Clients of several systems look for `/health` and `/ws`.
    let agent_world = match defaults.atoms_flow {
        Some(_) => door_agent_world::routes_without_health(doors),
        None => door_agent_world::routes(doors),
    };
    let (agent_world, agent_world_api) = agent_world.split_for_parts();
    let genworlds = match defaults.atoms_flow {
        Some(_) => door_genworlds::routes_of_worlds(doors, defaults.genworlds),
        None => door_genworlds::routes(doors, defaults.genworlds),
    };
    let (genworlds, genworlds_api) = genworlds.split_for_parts();
    let (atoms, atoms_api) = door_atoms::routes(doors, defaults.atoms_flow).split_for_parts();
    let description = openapi::describe([native_api, agent_world_api, genworlds_api, atoms_api]);
    let description = description.to_string();
    let refuse_foreign = from_fn_with_state(Arc::clone(doors), refuse_foreign_pages);
    // Which worlds are busy and who is refused is for those with a key.
    let metrics = Health::metrics().layer(from_fn_with_state(Arc::clone(doors), authenticate));
    // From the inside out: a layer wraps what is before it.
    let native = native
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(Arc::clone(doors), check_idempotency_key))
        .layer(from_fn_with_state(
            Arc::clone(doors),
            door_native::limit_body,
        ))
        .layer(from_fn_with_state(Arc::clone(doors), authenticate))
        .route(
            "/openapi.json",
            get(async move || openapi_json(description)),
        );
    // A preflight request has no API key.
    with_cors(native, cors)
        .merge(genworlds)
        .merge(atoms)
        // Its code is public: what it shows needs a key.
        .merge(door_console::routes())
        .layer(refuse_foreign.clone())
        // It does the same, and answers as its clients expect.
        .merge(agent_world)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(doors), record_request))
        .merge(health.probes().merge(metrics).layer(refuse_foreign))
}

/// Routes that pages of other origins may call, where some are configured.
fn with_cors(routes: Router, cors: Option<CorsLayer>) -> Router {
    match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    }
}

fn openapi_json(description: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], description).into_response()
}

async fn unknown_route(uri: Uri) -> Problem {
    let detail = format!("there is no route {}", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "unknown_route", detail)
}

async fn unknown_method(method: Method) -> Problem {
    let detail = format!("{method} is not allowed here: see the header Allow");
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
