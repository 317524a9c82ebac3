//! The event stream of a world, which a client resumes from its position.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use bytes::Bytes;
use contract::http::{ProblemDetails, StreamClosed, StreamQuery, StreamStart};
use contract::{Position, WorldId};
use door_kit::{
    DoorState, EventReader, Filter, Frame, PathParams, Principal, Problem, Projection, Projector,
    QueryParams, ReadDeadline, ReadEnd, SseEvents, SseStream, Subscription, Transport,
    last_event_id, sse_event,
};

use crate::event_format::EventFormat;
use crate::state::NativeState;

/// Stream the events of a world as server-sent events.
///
/// The first one is `ready`: the `position` after which the stream begins, and whether that is
/// `complete`. The `id` of each event is its position: a client that resumes with `Last-Event-ID`
/// misses nothing. The last one, if the gateway closes the stream, is `error`.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/events/stream", operation_id = "stream_events", tag = "events",
    params(
        ("world" = WorldId, Path), StreamQuery,
        ("Last-Event-ID" = Option<Position>, Header, description = "as `after`, and wins over it")
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn stream(
    State(NativeState { doors, format }): State<NativeState>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(query): QueryParams<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = StreamQuery {
        after: last_event_id(&headers)?.or(query.after),
        ..query
    };
    let connection = doors.connections.open(Transport::Sse)?;
    let subscription = subscribe(&doors, &principal, &world, query).await?;
    let start = stream_start(&subscription);
    let first = SseEvents::control(sse_event(None, "ready", &start));
    let expires = principal.expires_at(&doors.clock);
    let reader = EventReader::new(&doors, subscription, ReadDeadline::Never { expires });
    let stream = SseStream::new(&doors, connection, reader, AllEvents(format));
    let mut response = stream.into_response(first);
    // Where the stream begins, for clients that read headers only.
    if let Ok(value) = start.position.to_string().parse() {
        let name = HeaderName::from_static("last-event-id");
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// Subscribes to the events of a query.
pub(crate) async fn subscribe(
    doors: &DoorState,
    principal: &Principal,
    world: &WorldId,
    query: StreamQuery,
) -> Result<Subscription, Problem> {
    let filter = Filter {
        event_type: query.event_type,
        entity: query.entity,
        chat: query.chat,
        session: None,
        clients: doors.readable_clients(principal),
        live: query.live,
    };
    doors.subscribe_after(world, filter, query.after).await
}

/// Where a subscription begins, as clients read it.
pub(crate) fn stream_start(subscription: &Subscription) -> StreamStart {
    let start = subscription.start();
    StreamStart {
        position: start.position,
        complete: start.complete,
    }
}

/// Writes every event.
struct AllEvents(EventFormat);

impl Projector for AllEvents {
    fn project(&mut self, frame: &Frame) -> Projection {
        Projection::Write(SseEvents::delivery(self.0.sse(frame)))
    }

    fn close_event(&self, end: ReadEnd) -> Bytes {
        close_event(end)
    }
}

/// The last event of a stream that the gateway closes.
pub(crate) fn close_event(end: ReadEnd) -> Bytes {
    match end {
        ReadEnd::Closed(reason) => {
            let closed = StreamClosed {
                code: reason.code(),
                reason: reason.text().to_owned(),
            };
            sse_event(None, "error", &closed)
        }
        ReadEnd::Deadline => {
            let problem = Problem::deadline("the turn has not ended yet, and goes on");
            sse_event(None, "error", &problem.details())
        }
    }
}
