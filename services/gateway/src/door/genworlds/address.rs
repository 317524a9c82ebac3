//! How a client opens its connection: which world, from where, as whom.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use contract::WorldId;
use contract::commit::Position;
use contract::query::WorldsQuery;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::refusal;
use super::session::Session;
use super::talk::Talk;
use super::told::Overhears;
use crate::auth::Principal;
use crate::body::{Ids, Parameters};
use crate::connections::Close;
use crate::fanout::{Feed, Filter, Ready};
use crate::gateway::Gateway;
use crate::metrics::Transport;
use crate::problem::Problem;
use crate::rate::Client;
use crate::socket::{self, Asked, Over, Socket};

/// A message this many times as large as an event may be is still read, so that its sender can be
/// told; a larger one closes the connection.
const OVERSIZE_FACTOR: usize = 4;

/// What a client may add to the address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    /// Which world, where the path does not say.
    world: Option<WorldId>,
    /// Begin behind this event: its `sequence`. From now on when absent.
    after: Option<Position>,
    /// As whom it speaks and listens. Whoever sends its first frame when absent.
    entity: Option<String>,
    /// `all`: hear everything, whomever it is for, even when it speaks.
    #[param(inline)]
    observe: Option<Observe>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Observe {
    All,
}

/// Open a WebSocket, as GenWorlds has it, to the world that the address names, or to the one that needs no
/// name.
///
/// Each frame is an event, a flat JSON object with an `event_type`, both ways: what a client sends comes
/// back to it once it is stored. The answer's `Last-Event-ID` is where the connection begins.
#[utoipa::path(
    get, path = "/ws", tag = "genworlds", params(Wish),
    responses((status = 101), (status = 403, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn at_the_door(
    State(gateway): State<Arc<Gateway>>,
    Extension(principal): Extension<Principal>,
    Parameters(wish): Parameters<Wish>,
    asked: Asked,
) -> Result<Response, Problem> {
    open(gateway, principal, wish, asked).await
}

/// Open a WebSocket, as GenWorlds has it, to the world of the path: see `/ws`.
#[utoipa::path(
    get, path = "/ws/{world}", tag = "genworlds", params(("world" = WorldId, Path), Wish),
    responses((status = 101), (status = 403, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn in_a_world(
    State(gateway): State<Arc<Gateway>>,
    Extension(principal): Extension<Principal>,
    Ids(world): Ids<WorldId>,
    Parameters(wish): Parameters<Wish>,
    asked: Asked,
) -> Result<Response, Problem> {
    let world = Some(world);
    open(gateway, principal, Wish { world, ..wish }, asked).await
}

async fn open(
    gateway: Arc<Gateway>,
    principal: Principal,
    wish: Wish,
    asked: Asked,
) -> Result<Response, Problem> {
    let limits = &gateway.config.limits;
    let bytes_max = limits.message_bytes_max.saturating_mul(OVERSIZE_FACTOR);
    let upgrade = socket::within_limits(asked, limits, bytes_max)?;
    let overhears = overhears(&wish, &principal)?;
    let connection = gateway.connections.open(Transport::WebSocket)?;
    let begun = begin(&gateway, principal, overhears, &wish).await;
    let tasks = gateway.tasks.clone();
    let (talk, feed, ready) = match begun {
        Ok(begun) => begun,
        // These clients show what they are told on an open connection, and not why there is none.
        Err(problem) if problem.status.is_client_error() => {
            return Ok(upgrade.on_upgrade(move |socket| {
                let socket = Socket::new(gateway, connection, socket);
                tasks.track_future(turn_away(socket, wish, problem))
            }));
        }
        Err(problem) => return Err(problem),
    };
    let mut response = upgrade.on_upgrade(move |socket| {
        let socket = Socket::new(gateway, connection, socket);
        let session = Session::new(socket, feed, talk);
        tasks.track_future(session.run(ready.complete))
    });
    // From where a client goes on that is cut off before its first event.
    if let Ok(value) = ready.position.to_string().parse() {
        let name = HeaderName::from_static("last-event-id");
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// Whoever hears what is for others has a key, or sits at this machine where there are none.
fn overhears(wish: &Wish, principal: &Principal) -> Result<Overhears, Problem> {
    let is_trusted = match *principal.0 {
        Client::Key(_) => true,
        Client::Address(address) => address.is_loopback(),
    };
    match (wish.observe, is_trusted) {
        (Some(Observe::All), true) => Ok(Overhears::Everything),
        (None, true) => Ok(Overhears::UntilItSpeaks),
        (None, false) => Ok(Overhears::Nothing),
        (Some(Observe::All), false) => {
            let detail = "only this machine, or whoever has an API key, hears what is for others";
            Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail).at("observe"))
        }
    }
}

async fn begin(
    gateway: &Arc<Gateway>,
    principal: Principal,
    overhears: Overhears,
    wish: &Wish,
) -> Result<(Arc<Talk>, Feed, Ready), Problem> {
    let world = match &wish.world {
        Some(world) => world.clone(),
        None => default_world(gateway).await?,
    };
    let (feed, ready) = gateway.watch(&world, Filter::default(), wish.after).await?;
    let talk = Talk::new(Arc::clone(gateway), world, principal, overhears);
    match &wish.entity {
        Some(entity) => {
            let admitted = talk.speak_as(entity).await;
            admitted.map_err(|problem| problem.at("entity"))?;
        }
        None => talk.check().await?,
    }
    Ok((Arc::new(talk), feed, ready))
}

/// The world of a client that names none.
async fn default_world(gateway: &Gateway) -> Result<WorldId, Problem> {
    if let Some(world) = &gateway.config.genworlds_world {
        return Ok(world.clone());
    }
    let query = WorldsQuery {
        after: None,
        limit: 2,
        wait_for: None,
    };
    let (rows, _) = gateway.query(&query).await?;
    match &rows[..] {
        [only] => Ok(only.id.clone()),
        rows => {
            let many = if rows.is_empty() {
                "no world"
            } else {
                "more than one world"
            };
            let detail = format!("there is {many} here: say which one you mean, /ws/WORLD");
            Err(Problem::bad_address("world", detail))
        }
    }
}

async fn turn_away(mut socket: Socket, wish: Wish, problem: Problem) {
    let world = wish.world.as_ref().map_or("", WorldId::as_str);
    let target = wish.entity.as_deref();
    let told = socket.say(refusal::frame(world, target, None, &problem));
    let over = match told.await {
        Ok(()) => Over::Close(Close::Refused),
        Err(over) => over,
    };
    socket.end(over).await;
}
