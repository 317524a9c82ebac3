//! How a client opens its connection: to which flow, for a new session or one that it goes on with.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use contract::http::ProblemDetails;
use contract::{EntityId, FlowId, Position, Rejection, RejectionCode, SessionId, WorldId};
use door_kit::{
    DoorState, PathParams, Principal, Problem, QueryParams, SessionStart, Socket, Transport,
    UpgradeRequest, accept_upgrade, subscribe_to_session,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::client_entity;
use crate::connection::{Resumed, Types, run_new, run_resumed};
use crate::event_sender::ClientSession;
use crate::handshake::{FRAME_BYTES_MAX, NewClient};
use crate::state::AtomsState;
use crate::target::{FoundFlow, Target};

/// A frame this many times as large as it may be is still read, so that its sender gets the close code.
const OVERSIZE_FACTOR: usize = 4;

/// The parameters in the address of a connection.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectParams {
    /// The client's entity, which is created if the world does not have it. The session's client is the world
    /// when absent.
    entity: Option<EntityId>,
    /// Go on with this session, instead of beginning one.
    session: Option<SessionId>,
    /// Go on after this position of it: that in the metadata of a frame. From now on when absent.
    after: Option<Position>,
    /// `known`: only events of types that Atoms defines.
    #[param(inline)]
    types: Option<KnownTypes>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KnownTypes {
    Known,
}

/// Open a WebSocket, as Atoms has it, for a session of the only flow of a world: see
/// `/atoms/{world}/{flow}/ws`.
#[utoipa::path(
    get, path = "/atoms/{world}/ws", operation_id = "atoms_open_world_socket", tag = "atoms",
    params(("world" = WorldId, Path), ConnectParams),
    responses(
        (status = 101), (status = 426, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, description = "also when the world has several flows: it names them",
            body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn of_world(
    State(state): State<AtomsState>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(params): QueryParams<ConnectParams>,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let target = Target { world, flow: None };
    accept(state.doors, principal, target, params, request).await
}

/// Open a WebSocket, as Atoms has it, for a session of a flow.
///
/// Each frame is an event, a flat JSON object with a `type`, an `id`, a `timestamp` and `metadata`: binary from
/// the gateway, binary or text from the client. The client's first frame is `system.init`, the gateway's
/// `agent.ready`, whose metadata names the session. The metadata of frames have the `position` after which a
/// client goes on.
#[utoipa::path(
    get, path = "/atoms/{world}/{flow}/ws", operation_id = "atoms_open_flow_socket", tag = "atoms",
    params(("world" = WorldId, Path), ("flow" = FlowId, Path), ConnectParams),
    responses(
        (status = 101), (status = 426, body = ProblemDetails), (status = 403, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn of_flow(
    State(state): State<AtomsState>,
    Extension(principal): Extension<Principal>,
    PathParams((world, flow)): PathParams<(WorldId, FlowId)>,
    QueryParams(params): QueryParams<ConnectParams>,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let flow = Some(flow);
    accept(
        state.doors,
        principal,
        Target { world, flow },
        params,
        request,
    )
    .await
}

/// Open a WebSocket, as Atoms has it, for a session of the default flow: see `/atoms/{world}/{flow}/ws`.
#[utoipa::path(
    get, path = "/ws", operation_id = "atoms_open_socket", tag = "atoms", params(ConnectParams),
    responses(
        (status = 101), (status = 426, body = ProblemDetails), (status = 403, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn of_default(
    State(state): State<AtomsState>,
    Extension(principal): Extension<Principal>,
    QueryParams(params): QueryParams<ConnectParams>,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let target = Target::of_default(&state)?;
    accept(state.doors, principal, target, params, request).await
}

async fn accept(
    doors: Arc<DoorState>,
    principal: Principal,
    target: Target,
    params: ConnectParams,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let bytes_max = FRAME_BYTES_MAX.saturating_mul(OVERSIZE_FACTOR);
    let upgrade = accept_upgrade(request, &doors.socket_limits, bytes_max)?;
    let types = match params.types {
        Some(KnownTypes::Known) => Types::Known,
        None => Types::All,
    };
    let guard = doors.connections.open(Transport::WebSocket)?;
    let tasks = doors.tasks.clone();
    if let Some(session) = params.session {
        let resumed = resume(&doors, principal.clone(), target, (session, params.after)).await?;
        return Ok(upgrade.on_upgrade(move |socket| {
            let socket = Socket::new(Arc::clone(&doors), guard, &principal, socket);
            tasks.track_future(run_resumed(socket, doors, resumed, types))
        }));
    }
    let FoundFlow { world, view } = target.find(&doors).await?;
    let entity = client_entity::find(&doors, &principal, &world, params.entity).await?;
    Ok(upgrade.on_upgrade(move |socket| {
        let socket = Socket::new(Arc::clone(&doors), guard, &principal, socket);
        let client = NewClient {
            doors,
            world,
            flow: view.flow,
            principal,
            entity,
        };
        tasks.track_future(run_new(socket, client, types))
    }))
}

/// The session that a client goes on with. Its flow may be gone.
async fn resume(
    doors: &DoorState,
    principal: Principal,
    Target { world, flow }: Target,
    (id, after): (SessionId, Option<Position>),
) -> Result<Resumed, Problem> {
    let start = subscribe_to_session(doors, &world, id, after, true).await?;
    let SessionStart { subscription, open } = start;
    let is_other = |named: &FlowId| open.as_ref().is_some_and(|open| open.flow != *named);
    if flow.as_ref().is_some_and(is_other) {
        let detail = format!("the session {id} is one of another flow");
        let field = Some("session".to_owned());
        return Err(Rejection::new(RejectionCode::UnknownSession, detail, field).into());
    }
    let client = open.as_ref().map(|open| open.entity.clone());
    Ok(Resumed {
        session: ClientSession {
            world,
            principal,
            entity: client.unwrap_or_else(EntityId::world),
            id,
        },
        subscription,
        flow: open.map(|open| open.flow),
    })
}
