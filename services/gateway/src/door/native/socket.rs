//! The WebSocket: the event stream, and commands the other way.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use contract::WorldId;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{Instrument as _, info_span};

use super::socket_frame::{ClientFrame, Request, ServerFrame};
use super::stream::{Watching, watch};
use crate::auth::Principal;
use crate::body::{Ids, Parameters};
use crate::connections::{Close, Connection};
use crate::fanout::{Ended, Feed, Frame, Ready};
use crate::gateway::Gateway;
use crate::metrics::Transport;
use crate::problem::Problem;

/// Bytes that are read at once. Every open socket holds as many.
const READ_BUFFER_BYTES: usize = 2 << 10;
/// Bytes that are joined before they are written.
const WRITE_BUFFER_BYTES: usize = 16 << 10;
/// Frames that are joined before the socket looks at something else.
const BATCH_FRAMES_MAX: u64 = 256;

/// Open a WebSocket: the events of a world as they happen, and commands the other way.
///
/// Frames of the gateway: `ready`, `event`, `chunk`, `accepted`, `pong`, `error`. Frames of the
/// client: `post_message`, `send_events`, `request_action`, `cancel`, `stop_chat`, `ping`; each may
/// have a `ref`, which its answer repeats, and an `idempotency_key`.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/ws", tag = "events", params(("world" = WorldId, Path), Watching),
    responses((status = 101), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(crate) async fn upgrade(
    State(gateway): State<Arc<Gateway>>,
    Extension(principal): Extension<Principal>,
    Ids(world): Ids<WorldId>,
    Parameters(watching): Parameters<Watching>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|rejection| {
        let status = StatusCode::UPGRADE_REQUIRED;
        Problem::new(status, "upgrade_required", rejection.body_text())
    })?;
    let connection = gateway.connections.open(Transport::WebSocket)?;
    let (feed, ready) = watch(&gateway, &world, watching).await?;
    let limits = &gateway.config.limits;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES.min(limits.write_buffer_bytes_max / 2))
        .max_write_buffer_size(limits.write_buffer_bytes_max)
        .max_message_size(limits.message_bytes_max)
        .max_frame_size(limits.message_bytes_max);
    let tasks = gateway.tasks.clone();
    Ok(upgrade.on_upgrade(move |socket| {
        let session = Session {
            pinged: None,
            next_ping: Instant::now() + gateway.config.limits.ping_every,
            socket,
            feed,
            connection,
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
    connection: Connection,
    socket: WebSocket,
    feed: Feed,
    /// Commands that wait for their world. Each is first sent in the order of the client's frames.
    answers: FuturesUnordered<BoxFuture<'static, ServerFrame>>,
    next_ping: Instant,
    /// When a ping was sent that nothing has answered.
    pinged: Option<Instant>,
}

/// Why a session is over.
enum Over {
    /// The client closed it, or is gone.
    Gone,
    /// The gateway closes it.
    Close(Close),
}

impl Session {
    async fn run(mut self, ready: Ready) {
        let over = match self.say(&ServerFrame::Ready { ready }).await {
            Ok(()) => self.talk().await,
            Err(over) => over,
        };
        if let Over::Close(close) = over {
            self.connection.closed(close);
            let frame = CloseFrame {
                code: close.code(),
                reason: close.reason().into(),
            };
            // A client that takes nothing is not waited for twice.
            let goodbye = self.socket.send(Message::Close(Some(frame)));
            let patience = self.gateway.config.limits.pong_within;
            if timeout(patience, goodbye).await.is_ok() {
                let _ = timeout(patience, self.drain()).await;
            }
        }
    }

    /// Reads until the client has closed its side: otherwise the reset that follows unread data
    /// would overtake the close frame.
    async fn drain(&mut self) {
        while let Some(Ok(_)) = self.socket.recv().await {}
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
        let pong_until = self.pinged.map(|at| at + limits.pong_within);
        let shutdown = self.gateway.shutdown.clone();
        tokio::select! {
            () = shutdown.cancelled() => Err(Over::Close(Close::Shutdown)),
            frame = self.feed.next() => match frame {
                Ok(frame) => self.deliver(&frame).await,
                Err(Ended::Slow) => Err(Over::Close(Close::Slow)),
                Err(Ended::Unreadable) => Err(Over::Close(Close::ServerError)),
            },
            Some(answer) = self.answers.next() => self.say(&answer).await,
            message = self.socket.recv(), if has_room => match message {
                Some(Ok(message)) => self.hear(message).await,
                _ => Err(Over::Gone),
            },
            () = sleep_until(self.next_ping) => self.ping().await,
            // While frames wait unread, so do pongs.
            () = sleep_until(pong_until.unwrap_or(self.next_ping)), if has_room && pong_until.is_some() => {
                Err(Over::Close(Close::NoPong))
            }
        }
    }

    /// Writes a frame, and those that are there already, in one go.
    async fn deliver(&mut self, frame: &Frame) -> Result<(), Over> {
        let mut frames = 1;
        let patience = self.gateway.config.limits.write_timeout;
        let write = async {
            self.socket.feed(Message::Text(frame.websocket())).await?;
            while frames < BATCH_FRAMES_MAX
                && let Some(frame) = self.feed.try_next()
            {
                self.socket.feed(Message::Text(frame.websocket())).await?;
                frames += 1;
            }
            self.socket.flush().await
        };
        let written = timeout(patience, write).await;
        self.connection.delivered(frames);
        over_unless_written(&written)
    }

    async fn say(&mut self, frame: &ServerFrame) -> Result<(), Over> {
        let text = serde_json::to_string(frame).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        let patience = self.gateway.config.limits.write_timeout;
        over_unless_written(&timeout(patience, self.socket.send(message)).await)
    }

    async fn ping(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        self.next_ping = now + self.gateway.config.limits.ping_every;
        self.pinged.get_or_insert(now);
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn hear(&mut self, message: Message) -> Result<(), Over> {
        // Whatever a client sends shows that it is there.
        self.pinged = None;
        match message {
            Message::Text(text) => self.take(&text).await,
            Message::Binary(_) => {
                let detail = "frames are text: JSON";
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                let problem = Problem::new(status, "unsupported_media_type", detail);
                self.refuse(None, problem).await
            }
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Over::Gone),
        }
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

/// A client that takes nothing for too long is too far behind; one that can't be written to is gone.
fn over_unless_written(
    written: &Result<Result<(), axum::Error>, tokio::time::error::Elapsed>,
) -> Result<(), Over> {
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Over::Gone),
        Err(_) => Err(Over::Close(Close::Slow)),
    }
}
