//! How a client opens its connection: to which world, from which position, as which entity.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use contract::WorldId;
use contract::commit::Position;
use contract::http::ProblemDetails;
use contract::query::WorldsQuery;
use door_kit::{
    CloseReason, Closed, DoorState, Filter, PathParams, Principal, Problem, QueryParams, Socket,
    Subscription, Transport, UpgradeRequest, accept_upgrade,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::audience::Visibility;
use crate::connection::ClientConnection;
use crate::error_frame;
use crate::handler::ConnectionHandler;
use crate::state::GenWorldsState;

/// A message this many times as large as an event may be is still read, so that its sender receives an
/// error frame; a larger one closes the connection.
const OVERSIZE_FACTOR: usize = 4;

/// The parameters in the address of a connection.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectParams {
    /// The world, where the path does not name it.
    world: Option<WorldId>,
    /// Begin after this event: its `sequence`. From now on when absent.
    after: Option<Position>,
    /// The only entity as which the client acts. When absent, it acts as the sender of each of its frames,
    /// and brings those that the world does not have.
    entity: Option<String>,
    /// `all`: receive every event, whichever its target, even with an identity.
    #[param(inline)]
    observe: Option<Observe>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Observe {
    All,
}

/// Open a WebSocket, as GenWorlds has it, to the world in the query, or to the default world.
///
/// Each frame is an event, a flat JSON object with an `event_type`, both ways: what a client sends comes
/// back to it once it is stored, with `event_id`, `sequence` and `recorded_at` of the log. Where its sender
/// wrote one of these, that stands, and those of the log are in `manyworlds`. The answer's `Last-Event-ID` is where the connection begins.
#[utoipa::path(
    get, path = "/ws", operation_id = "genworlds_open_default_socket",
    tag = "genworlds", params(ConnectParams),
    responses((status = 101), (status = 426, body = ProblemDetails), (status = 403, body = ProblemDetails), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn upgrade_default(
    State(state): State<GenWorldsState>,
    Extension(principal): Extension<Principal>,
    QueryParams(params): QueryParams<ConnectParams>,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    accept(state, principal, params, request).await
}

/// Open a WebSocket, as GenWorlds has it, to the world of the path: see `/ws`.
#[utoipa::path(
    get, path = "/ws/{world}", operation_id = "genworlds_open_socket", tag = "genworlds",
    params(("world" = WorldId, Path), ConnectParams),
    responses((status = 101), (status = 426, body = ProblemDetails), (status = 403, body = ProblemDetails), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn upgrade(
    State(state): State<GenWorldsState>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(params): QueryParams<ConnectParams>,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let world = Some(world);
    accept(state, principal, ConnectParams { world, ..params }, request).await
}

async fn accept(
    state: GenWorldsState,
    principal: Principal,
    params: ConnectParams,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let doors = Arc::clone(&state.doors);
    let limits = &doors.socket_limits;
    let bytes_max = limits.message_bytes_max.saturating_mul(OVERSIZE_FACTOR);
    let upgrade = accept_upgrade(request, limits, bytes_max)?;
    let visibility = visibility(&doors, &params, &principal)?;
    let guard = doors.connections.open(Transport::WebSocket)?;
    let tasks = doors.tasks.clone();
    let Opened {
        handler,
        subscription,
    } = match open(state, principal.clone(), visibility, &params).await {
        Ok(opened) => opened,
        // These clients show the frames of an open connection, and not why a request was refused.
        Err(problem) if problem.status.is_client_error() => {
            return Ok(upgrade.on_upgrade(move |socket| {
                let socket = Socket::new(doors, guard, &principal, socket);
                tasks.track_future(reject(socket, params, problem))
            }));
        }
        Err(problem) => return Err(problem),
    };
    let start = subscription.start();
    let mut response = upgrade.on_upgrade(move |socket| {
        let socket = Socket::new(Arc::clone(&doors), guard, &principal, socket);
        let connection = ClientConnection::new(socket, subscription, doors, handler);
        tasks.track_future(connection.run())
    });
    // The position from which a client resumes that is disconnected before its first event.
    if let Ok(value) = start.position.to_string().parse() {
        let name = HeaderName::from_static("last-event-id");
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// Only a client with an API key that may act as every entity, or one on this machine where none is configured,
/// receives events that are for others.
fn visibility(
    doors: &DoorState,
    params: &ConnectParams,
    principal: &Principal,
) -> Result<Visibility, Problem> {
    let is_trusted = match principal.address() {
        Some(address) => address.is_loopback(),
        None => doors.may_act_as_all(principal),
    };
    match (params.observe, is_trusted) {
        (Some(Observe::All), true) => Ok(Visibility::All),
        (None, true) => Ok(Visibility::AllUntilIdentified),
        (None, false) => Ok(Visibility::Own),
        (Some(Observe::All), false) => {
            let detail = "only a client with an API key for all entities, or on this machine, may \
                          observe all events";
            Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail).with_field("observe"))
        }
    }
}

/// A connection that may begin.
struct Opened {
    handler: Arc<ConnectionHandler>,
    subscription: Subscription,
}

async fn open(
    state: GenWorldsState,
    principal: Principal,
    visibility: Visibility,
    params: &ConnectParams,
) -> Result<Opened, Problem> {
    let default_world = state.settings.default_world.as_ref();
    let world = match params.world.as_ref().or(default_world) {
        Some(world) => world.clone(),
        None => only_world(&state.doors).await?,
    };
    let subscription = state
        .doors
        .subscribe_after(&world, Filter::default(), params.after);
    let subscription = subscription.await?;
    let is_fixed = params.entity.is_some();
    let handler = ConnectionHandler::new(state, world, principal, visibility, is_fixed);
    match &params.entity {
        Some(entity) => {
            let identified = handler.identify(entity, None).await;
            identified.map_err(|problem| problem.with_field("entity"))?;
        }
        None => handler.require_world().await?,
    }
    Ok(Opened {
        handler: Arc::new(handler),
        subscription,
    })
}

/// The world of a client that names none, where no default is configured.
async fn only_world(doors: &DoorState) -> Result<WorldId, Problem> {
    let query = WorldsQuery {
        after: None,
        limit: 2,
        wait_for: None,
    };
    let rows = doors.broker.query(&query).await?.rows;
    match &rows[..] {
        [only] => Ok(only.id.clone()),
        rows => {
            let found = if rows.is_empty() {
                "no world"
            } else {
                "more than one world"
            };
            let detail = format!("there is {found} here: name one, /ws/WORLD");
            Err(Problem::invalid_address("world", detail))
        }
    }
}

async fn reject(mut socket: Socket, params: ConnectParams, problem: Problem) {
    let world = params.world.as_ref().map_or("", WorldId::as_str);
    let target = params.entity.as_deref();
    let frame = error_frame::encode_problem(world, target, None, &problem);
    let closed = match socket.send(frame).await {
        Ok(()) => Closed::ByGateway(CloseReason::Refused),
        Err(closed) => closed,
    };
    socket.close(closed).await;
}
