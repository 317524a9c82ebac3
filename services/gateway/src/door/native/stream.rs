//! The event stream: server-sent events that a client resumes from where it was.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use contract::commit::Position;
use contract::{ChatId, EntityId, WorldId};
use futures::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use utoipa::IntoParams;

use crate::body::{Ids, Parameters};
use crate::connections::{Close, Connection};
use crate::fanout::{self, Ended, Feed, Filter, Ready, TypePattern};
use crate::gateway::Gateway;
use crate::metrics::Transport;
use crate::problem::Problem;

/// Frames are joined until a write has this many bytes.
const WRITE_BYTES: usize = 32 << 10;

/// Which events, from where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Watching {
    /// Begin behind this place: `{seq}.{index}`, or `{seq}` for the end of a commit. `0`: from the
    /// beginning. From now on when absent.
    after: Option<Position>,
    /// Of this type, or of those that begin with it: `myapp.*`.
    #[serde(rename = "type")]
    #[param(value_type = Option<String>)]
    event_type: Option<TypePattern>,
    /// What this entity may see: what it sent, what names it, and what is for everyone. Without it
    /// every event is shown, whomever it is for.
    entity: Option<EntityId>,
    /// In this chat.
    chat: Option<ChatId>,
    /// Pieces of answers as well, while they are thought of: `chunk`.
    #[serde(default)]
    live: bool,
}

/// Watch the events of a world as server-sent events.
///
/// The first one is `ready`: behind which `position` the stream begins, and whether that is
/// `complete`. The `id` of each event is its position: a client that comes back with
/// `Last-Event-ID` misses nothing. The last one, if the gateway ends the stream, is `error`.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/events/stream", tag = "events",
    params(
        ("world" = WorldId, Path), Watching,
        ("Last-Event-ID" = Option<String>, Header, description = "as `after`, and wins over it")
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 404, body = Problem), (status = 503, body = Problem)
    )
)]
pub(crate) async fn stream(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
    Parameters(watching): Parameters<Watching>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers
        .get("last-event-id")
        .filter(|value| !value.is_empty());
    let last = last.map(|value| {
        let text = value.to_str().unwrap_or_default();
        text.parse::<Position>()
            .map_err(|error| Problem::bad_address("last-event-id", error.to_string()))
    });
    let watching = Watching {
        after: last.transpose()?.or(watching.after),
        ..watching
    };
    let connection = gateway.connections.open(Transport::Sse)?;
    let (feed, ready) = watch(&gateway, &world, watching).await?;
    let heartbeat = Heartbeat::every(gateway.config.limits.sse_heartbeat);
    let first = fanout::sse(None, "ready", &ready);
    let streaming = Streaming {
        gateway,
        connection,
        feed,
        heartbeat,
    };
    let rest = futures::stream::unfold(Some(streaming), async |streaming| {
        let mut streaming = streaming?;
        let (bytes, last) = streaming.next().await;
        Some((bytes, (!last).then_some(streaming)))
    });
    let mut response = respond(futures::stream::once(async { first }).chain(rest));
    // Where the stream begins, for clients that read headers only.
    if let Ok(value) = ready.position.to_string().parse() {
        let name = HeaderName::from_static("last-event-id");
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// Begins to watch a world from where the client was.
pub(super) async fn watch(
    gateway: &Gateway,
    world: &WorldId,
    watching: Watching,
) -> Result<(Feed, Ready), Problem> {
    let filter = Filter {
        event_type: watching.event_type,
        entity: watching.entity,
        chat: watching.chat,
        live: watching.live,
    };
    gateway.watch(world, filter, watching.after).await
}

struct Streaming {
    gateway: Arc<Gateway>,
    connection: Connection,
    feed: Feed,
    heartbeat: Heartbeat,
}

impl Streaming {
    /// The next bytes, and whether they are the last.
    async fn next(&mut self) -> (Bytes, bool) {
        let frame = tokio::select! {
            frame = self.feed.next() => frame,
            beat = self.heartbeat.next() => return (beat, false),
            () = self.gateway.shutdown.cancelled() => return self.end(Close::Shutdown),
        };
        self.heartbeat.reset();
        let frame = match frame {
            Ok(frame) => frame.sse(),
            Err(Ended::Slow) => return self.end(Close::Slow),
            Err(Ended::Unreadable) => return self.end(Close::ServerError),
        };
        let Some(second) = self.feed.try_next() else {
            self.connection.delivered(1);
            return (frame, false);
        };
        let mut bytes = BytesMut::from(&frame[..]);
        bytes.extend_from_slice(&second.sse());
        let mut frames = 2;
        while bytes.len() < WRITE_BYTES
            && let Some(frame) = self.feed.try_next()
        {
            bytes.extend_from_slice(&frame.sse());
            frames += 1;
        }
        self.connection.delivered(frames);
        (bytes.freeze(), false)
    }

    fn end(&self, close: Close) -> (Bytes, bool) {
        self.connection.closed(close);
        (goodbye(close), true)
    }
}

/// The last event of a stream that the gateway ends: the client comes back with its position.
pub(super) fn goodbye(close: Close) -> Bytes {
    #[derive(Serialize)]
    struct Goodbye {
        code: u16,
        reason: &'static str,
    }
    let goodbye = Goodbye {
        code: close.code(),
        reason: close.reason(),
    };
    fanout::sse(None, "error", &goodbye)
}

/// A comment now and then, so that proxies keep a silent stream open.
pub(super) struct Heartbeat {
    every: Duration,
    at: Instant,
}

impl Heartbeat {
    pub(super) fn every(every: Duration) -> Self {
        Self {
            every,
            at: Instant::now() + every,
        }
    }

    pub(super) fn reset(&mut self) {
        self.at = Instant::now() + self.every;
    }

    pub(super) async fn next(&mut self) -> Bytes {
        sleep_until(self.at).await;
        self.reset();
        Bytes::from_static(b":\n\n")
    }
}

/// The answer that carries server-sent events.
pub(super) fn respond(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-cache"),
        // Nginx would hold events back until it has a page of them.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let events = events.map(Ok::<_, std::convert::Infallible>);
    (headers, HttpBody::from_stream(events)).into_response()
}
