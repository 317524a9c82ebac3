//! The WebSocket of a world: its events one way, commands the other.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contract::http::{ProblemDetails, ServerFrame, SocketQuery};
use contract::{Accepted, CommandId, EntityId, WorldId};
use door_kit::{
    Closed, DoorState, EntityConnection, Inbound, PathParams, Pipeline, Principal, Problem,
    QueryParams, Reading, Scope, Socket, Subscription, Transport, UpgradeRequest, accept_upgrade,
};
use tracing::Span;

use crate::decode_frame::{ClientFrame, FrameRequest};
use crate::event_format::EventFormat;
use crate::responses::{FieldNames, rename_field};
use crate::state::NativeState;
use crate::stream::{stream_start, subscribe};

/// The most entities whose connection one WebSocket is: a client is one of them, and a bridge some.
const ENTITIES_MAX: usize = 256;

/// Open a WebSocket: the events of a world as they happen, and commands the other way.
///
/// Frames of the gateway: `ready`, `event`, `chunk`, `accepted`, `pong`, `error`. Frames of the
/// client: `post_message`, `send_events`, `request_action`, `cancel`, `stop_chat`,
/// `request_interaction`, `cancel_interaction`, `complete_interaction`, `ping`; each may have a `ref`,
/// which its answer repeats, and an `idempotency_key`. The connection is that of the entities which have
/// sent frames over it that were accepted, and of `sender`: agents whose brain is `client` are present
/// while they have one.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/ws", operation_id = "open_socket", tag = "events",
    params(("world" = WorldId, Path), SocketQuery),
    responses(
        (status = 101), (status = 426, body = ProblemDetails), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn upgrade(
    State(NativeState { doors, format }): State<NativeState>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(query): QueryParams<SocketQuery>,
    request: UpgradeRequest,
) -> Result<Response, Problem> {
    let limits = &doors.socket_limits;
    let upgrade = accept_upgrade(request, limits, limits.message_bytes_max)?;
    let guard = doors.connections.open(Transport::WebSocket)?;
    let sender = query.sender.clone();
    if let Some(sender) = &sender {
        doors.require_scope(&principal, &world, Scope::Send)?;
        doors.check_sender(&principal, sender)?;
    }
    let subscription = subscribe(&doors, &principal, &world, query.into_stream()).await?;
    let tasks = doors.tasks.clone();
    Ok(upgrade.on_upgrade(move |socket| {
        let mut connection = SocketConnection {
            socket: Socket::new(Arc::clone(&doors), guard, &principal, socket),
            subscription,
            pipeline: Pipeline::new(Arc::clone(&doors), world.clone()),
            world,
            principal,
            doors,
            format,
            entities: HashMap::new(),
        };
        if let Some(sender) = sender {
            connection.connect_entity(sender);
        }
        tasks.track_future(connection.run())
    }))
}

/// One open connection.
struct SocketConnection {
    doors: Arc<DoorState>,
    format: EventFormat,
    world: WorldId,
    principal: Principal,
    socket: Socket,
    subscription: Subscription,
    /// The commands of the client's frames, in their order.
    pipeline: Pipeline<SentFrame>,
    /// The entities whose connection it is.
    entities: HashMap<EntityId, EntityConnection>,
}

/// What the reply to a frame needs once the outcome of its command is known.
struct SentFrame {
    reference: Option<String>,
    id: CommandId,
    sender: EntityId,
    fields: FieldNames,
    /// It ends with the outcome.
    _span: Span,
}

impl SentFrame {
    fn into_reply(self, outcome: Result<Accepted, Problem>) -> ServerFrame {
        let Self { reference, id, .. } = self;
        match outcome {
            Ok(accepted) => ServerFrame::Accepted {
                reference,
                id: (accepted.events > 0).then(|| id.event(0)),
                ids: accepted.event_ids(id).collect(),
                seq: accepted.seq,
            },
            Err(problem) => ServerFrame::Error {
                reference,
                problem: rename_field(problem, self.fields).details(),
            },
        }
    }
}

impl SocketConnection {
    /// Runs until the connection is closed. What was read from the client until then is still sent.
    async fn run(mut self) {
        let start = stream_start(&self.subscription);
        let closed = match self.send(&ServerFrame::Ready { start }).await {
            Ok(()) => self.run_until_closed().await,
            Err(closed) => closed,
        };
        // A client may be long in closing its side, and is gone already.
        self.entities.clear();
        self.socket.close(closed).await;
        self.pipeline.finish().await;
    }

    fn connect_entity(&mut self, entity: EntityId) {
        if entity == EntityId::world() || self.entities.len() >= ENTITIES_MAX {
            return;
        }
        let (doors, world) = (&self.doors, &self.world);
        let connected = self.entities.entry(entity);
        connected.or_insert_with_key(|entity| doors.connect_entity(world, entity));
    }

    async fn run_until_closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.step().await {
                return closed;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Closed> {
        let reading = match self.pipeline.is_full() {
            false => Reading::Active,
            true => Reading::Paused,
        };
        tokio::select! {
            frame = self.subscription.next() => {
                let Some(first) = self.format.socket(&*frame?) else {
                    return Ok(());
                };
                let others = || self.format.socket(&*self.subscription.try_next()?);
                self.socket.send_batch(first, others).await
            }
            outcomes = self.pipeline.next() => {
                for (sent, outcome) in outcomes {
                    if let Some(outcome) = outcome {
                        if outcome.is_ok() {
                            self.connect_entity(sent.sender.clone());
                        }
                        self.send(&sent.into_reply(outcome)).await?;
                    }
                }
                Ok(())
            }
            event = self.socket.next_event(reading) => match self.socket.handle(event?).await? {
                Some(Inbound::Text(text)) => self.handle(&text).await,
                Some(Inbound::Binary(_)) => {
                    let detail = "frames are text: JSON";
                    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                    let problem = Problem::new(status, "unsupported_media_type", detail);
                    self.send_problem(None, &problem).await
                }
                None => Ok(()),
            },
        }
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), Closed> {
        let text = serde_json::to_string(frame).unwrap_or_default();
        self.socket.send(text).await
    }

    async fn send_problem(
        &mut self,
        reference: Option<String>,
        problem: &Problem,
    ) -> Result<(), Closed> {
        let problem = problem.details();
        self.send(&ServerFrame::Error { reference, problem }).await
    }

    async fn handle(&mut self, text: &str) -> Result<(), Closed> {
        let ClientFrame { reference, request } =
            ClientFrame::decode(text, &self.world, &self.principal, &self.doors.clock);
        match request {
            Err(problem) => self.send_problem(reference, &problem).await,
            Ok(FrameRequest::Ping) => self.send(&ServerFrame::Pong { reference }).await,
            Ok(FrameRequest::Command {
                id,
                sender,
                command,
                fields,
            }) => {
                let sent = (&sender, &*command);
                let checked = self.doors.check_command(&self.principal, &self.world, sent);
                if let Err(problem) = checked {
                    let problem = rename_field(problem, fields);
                    return self.send_problem(reference, &problem).await;
                }
                let span = door_kit::frame_span(&self.world);
                let sent = SentFrame {
                    reference,
                    id,
                    sender: sender.clone(),
                    fields,
                    _span: span.clone(),
                };
                let push = || self.pipeline.push(id, (sender, *command), text.len(), sent);
                span.in_scope(push);
                Ok(())
            }
        }
    }
}
