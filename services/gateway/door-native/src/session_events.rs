//! The events of a session: send some, page through them, stream them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use bytes::{Bytes, BytesMut};
use contract::http::{
    ProblemDetails, Receipt, SendSessionEventsRequest, SessionEndedEvent, SessionEvent,
    SessionEventsPage, SessionEventsPageQuery, SessionStreamQuery,
};
use contract::{Command, Position, SessionId, WorldId};
use door_kit::{
    DoorState, EventReader, Frame, JsonBody, PathParams, Principal, Problem, Projection, Projector,
    QueryParams, ReadDeadline, ReadEnd, SessionEvents, SessionFrame, SessionItem, SessionProjector,
    SseEvents, SseStream, Transport, last_event_id, read_session_events, sse_event,
    subscribe_to_session,
};

use crate::command_sender::CommandSender;
use crate::responses::{created, page_rows, sender_or_world};
use crate::sessions::require_reader;
use crate::stream::{close_event, stream_start};

/// Send events in a session, in the name of its client.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/sessions/{session}/events",
    operation_id = "send_session_events", tag = "flows",
    request_body = SendSessionEventsRequest,
    params(("world" = WorldId, Path), ("session" = SessionId, Path)),
    responses(
        (status = 201, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 413, body = ProblemDetails),
        (status = 422, body = ProblemDetails),
        (status = 429, description = "so many events wait for nodes that no more are taken now",
            body = ProblemDetails)
    )
)]
pub(crate) async fn send(
    commands: CommandSender,
    PathParams((world, session)): PathParams<(WorldId, SessionId)>,
    JsonBody(body): JsonBody<SendSessionEventsRequest>,
) -> Result<Response, Problem> {
    let command = Command::SendSessionEvents {
        session,
        events: body.events,
    };
    let sender = sender_or_world(body.sender);
    let seq = commands.send(&world, sender, command).await?;
    Ok(created(Receipt::at(seq)))
}

/// Page through what the client of a session has got, open or ended.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/sessions/{session}/events",
    operation_id = "list_session_events", tag = "flows",
    params(("world" = WorldId, Path), ("session" = SessionId, Path), SessionEventsPageQuery),
    responses(
        (status = 200, body = SessionEventsPage), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams((world, session)): PathParams<(WorldId, SessionId)>,
    QueryParams(page): QueryParams<SessionEventsPageQuery>,
) -> Result<Json<SessionEventsPage>, Problem> {
    state.broker.require_world(&world).await?;
    require_reader(&state, &principal, &world, session).await?;
    let limit = page_rows(page.limit)? as usize;
    let after = page.after.unwrap_or_default();
    let read = read_session_events(&state, &world, session, after, limit);
    let SessionEvents { items, next } = read.await?;
    let items = items.into_iter().filter_map(|item| match item {
        SessionItem::Frame(frame) => Some(session_event(*frame)),
        SessionItem::Ended { .. } => None,
    });
    Ok(Json(SessionEventsPage {
        items: items.collect(),
        next,
    }))
}

/// Stream what the client of a session gets, as server-sent events.
///
/// The first one is `ready`: the `position` after which the stream begins. Each `event` has its position as
/// its `id`: a client that resumes with `Last-Event-ID` misses nothing. With `live`, pieces of an answer come
/// while it is generated, without an `id`: joined, they are the text of the answer. The last one is `ended`,
/// when the session has ended, or `error`, when the gateway closes the stream.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/sessions/{session}/events/stream",
    operation_id = "stream_session_events", tag = "flows",
    params(
        ("world" = WorldId, Path), ("session" = SessionId, Path), SessionStreamQuery,
        ("Last-Event-ID" = Option<Position>, Header, description = "as `after`, and wins over it")
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 403, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn stream(
    State(doors): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams((world, session)): PathParams<(WorldId, SessionId)>,
    QueryParams(query): QueryParams<SessionStreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = last_event_id(&headers)?.or(query.after);
    require_reader(&doors, &principal, &world, session).await?;
    let connection = doors.connections.open(Transport::Sse)?;
    let start = subscribe_to_session(&doors, &world, session, after, query.live).await?;
    let ready = stream_start(&start.subscription);
    let first = SseEvents::control(sse_event(None, "ready", &ready));
    let expires = principal.expires_at(&doors.clock);
    let reader = EventReader::new(&doors, start.subscription, ReadDeadline::Never { expires });
    // A client that begins somewhere may have the start of an answer already.
    let projector = SessionSse(SessionProjector::new(session, true));
    Ok(SseStream::new(&doors, connection, reader, projector).into_response(first))
}

/// Writes what the client of a session gets.
struct SessionSse(SessionProjector);

impl Projector for SessionSse {
    fn project(&mut self, frame: &Frame) -> Projection {
        let mut events = SseEvents::default();
        let mut bytes = BytesMut::new();
        let mut has_ended = false;
        for item in self.0.project(&frame.payload) {
            events.deliveries += 1;
            match item {
                SessionItem::Frame(frame) => {
                    let id = frame.position.map(|position| position.to_string());
                    let event = session_event(*frame);
                    bytes.extend_from_slice(&sse_event(id.as_deref(), "event", &event));
                }
                SessionItem::Ended { position, reason } => {
                    let id = position.to_string();
                    let ended = SessionEndedEvent { position, reason };
                    bytes.extend_from_slice(&sse_event(Some(&id), "ended", &ended));
                    has_ended = true;
                }
            }
        }
        events.bytes = bytes.freeze();
        match (has_ended, events.bytes.is_empty()) {
            (true, _) => Projection::Finish(events),
            (false, true) => Projection::Skip,
            (false, false) => Projection::Write(events),
        }
    }

    fn close_event(&self, end: ReadEnd) -> Bytes {
        close_event(end)
    }
}

fn session_event(frame: SessionFrame) -> SessionEvent {
    let SessionFrame {
        position,
        restarted,
        frame,
    } = frame;
    SessionEvent {
        position,
        id: frame.id,
        sender_id: frame.sender_id,
        event_type: frame.event_type,
        node: frame.node,
        turn: frame.turn,
        timestamp: frame.timestamp,
        metadata: frame.metadata,
        interrupted: frame.interrupted,
        restarted,
        data: frame.data,
    }
}
