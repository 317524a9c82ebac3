//! The WebSocket: the event stream, and commands the other way.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use contract::WorldId;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tracing::{Instrument as _, info_span};

use super::socket_frame::{ClientFrame, Request, ServerFrame};
use super::stream::{Watching, watch};
use crate::auth::Principal;
use crate::body::{Ids, Parameters};
use crate::fanout::{Feed, Ready};
use crate::gateway::Gateway;
use crate::metrics::Transport;
use crate::origin;
use crate::problem::Problem;
use crate::socket::{self, Asked, Heard, Over, Socket};

/// Open a WebSocket: the events of a world as they happen, and commands the other way.
///
/// Frames of the gateway: `ready`, `event`, `chunk`, `accepted`, `pong`, `error`. Frames of the
/// client: `post_message`, `send_events`, `request_action`, `cancel`, `stop_chat`, `ping`; each may
/// have a `ref`, which its answer repeats, and an `idempotency_key`.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/ws", tag = "events", params(("world" = WorldId, Path), Watching),
    responses((status = 101), (status = 403, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn upgrade(
    State(gateway): State<Arc<Gateway>>,
    Extension(principal): Extension<Principal>,
    Ids(world): Ids<WorldId>,
    Parameters(watching): Parameters<Watching>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    origin::check(&gateway, &headers)?;
    let limits = &gateway.config.limits;
    let upgrade = socket::within_limits(asked, limits, limits.message_bytes_max)?;
    let connection = gateway.connections.open(Transport::WebSocket)?;
    let (feed, ready) = watch(&gateway, &world, watching).await?;
    let tasks = gateway.tasks.clone();
    Ok(upgrade.on_upgrade(move |socket| {
        let session = Session {
            socket: Socket::new(Arc::clone(&gateway), connection, socket),
            feed,
            world,
            principal,
            gateway,
            answers: FuturesUnordered::new(),
        };
        tasks.track_future(session.run(ready))
    }))
}

struct Session {
    gateway: Arc<Gateway>,
    world: WorldId,
    principal: Principal,
    socket: Socket,
    feed: Feed,
    /// Commands that wait for their world. Each is first sent in the order of the client's frames.
    answers: FuturesUnordered<BoxFuture<'static, ServerFrame>>,
}

impl Session {
    async fn run(mut self, ready: Ready) {
        let over = match self.say(&ServerFrame::Ready { ready }).await {
            Ok(()) => self.talk().await,
            Err(over) => over,
        };
        self.socket.end(over).await;
    }

    async fn talk(&mut self) -> Over {
        loop {
            if let Err(over) = self.turn().await {
                return over;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Over> {
        let limits = &self.gateway.config.limits;
        let has_room = self.answers.len() < limits.commands_in_flight_max;
        tokio::select! {
            frame = self.feed.next() => {
                let first = frame?.websocket();
                let others = || Some(self.feed.try_next()?.websocket());
                self.socket.say_all(first, others).await
            }
            Some(answer) = self.answers.next() => self.say(&answer).await,
            due = self.socket.due(has_room) => match self.socket.see_to(due?).await? {
                Some(Heard::Text(text)) => self.take(&text).await,
                Some(Heard::Binary) => {
                    let detail = "frames are text: JSON";
                    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                    let problem = Problem::new(status, "unsupported_media_type", detail);
                    self.refuse(None, problem).await
                }
                None => Ok(()),
            },
        }
    }

    async fn say(&mut self, frame: &ServerFrame) -> Result<(), Over> {
        let text = serde_json::to_string(frame).unwrap_or_default();
        self.socket.say(text).await
    }

    async fn take(&mut self, text: &str) -> Result<(), Over> {
        let ClientFrame { reference, request } =
            ClientFrame::read(text, &self.world, &self.principal);
        let request = self.gateway.check_rate(&self.principal).and(request);
        match request {
            Err(problem) => self.refuse(reference, problem).await,
            Ok(Request::Ping) => self.say(&ServerFrame::Pong { reference }).await,
            Ok(Request::Command {
                id,
                sender,
                command,
            }) => {
                let gateway = Arc::clone(&self.gateway);
                let world = self.world.clone();
                let answer = async move {
                    match gateway.command(&world, id, sender, *command).await {
                        Ok(accepted) => ServerFrame::Accepted {
                            reference,
                            id: (accepted.events > 0).then(|| id.event(0)),
                            ids: accepted.event_ids(id).collect(),
                            seq: accepted.seq,
                        },
                        Err(problem) => ServerFrame::Error { reference, problem },
                    }
                };
                let span = info_span!("frame", otel.kind = "server", world.id = %self.world);
                self.answers.push(answer.instrument(span).boxed());
                Ok(())
            }
        }
    }

    async fn refuse(&mut self, reference: Option<String>, problem: Problem) -> Result<(), Over> {
        self.say(&ServerFrame::Error { reference, problem }).await
    }
}
