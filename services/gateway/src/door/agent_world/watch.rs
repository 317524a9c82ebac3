//! Watches a world for one client: what happens goes through a teller, and out as an event stream
//! or, at the end, as one answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use contract::WorldId;
use contract::commit::Position;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::doorway::Doorway;
use super::envelope::Envelope;
use super::failure::Failure;
use super::teller::{Outcome, Teller};
use crate::connections::{Close, Connection};
use crate::fanout::{Body, Ended, Feed, Filter, Frame};
use crate::metrics::Transport;

/// Somebody who watches a world.
pub(super) struct Watch {
    pub(super) doorway: Arc<Doorway>,
    pub(super) feed: Feed,
    pub(super) teller: Teller,
    /// What the client is told before anything happens.
    pub(super) first: Vec<Envelope>,
    /// How long nothing may happen; then the client is told so, and the stream ends.
    pub(super) patience: Option<Duration>,
    /// When something happened last.
    pub(super) happened: Instant,
    /// The last place that the client has seen.
    pub(super) seen: Option<Position>,
}

/// Why a stream ends before all was told.
enum Cut {
    Late,
    Close(Close),
}

/// What the client is sent next.
enum Step {
    Told(Vec<Envelope>, bool),
    Beat,
    Cut(Cut),
}

/// Begins to watch a world, and takes up one of the places for streams if this is to be one.
///
/// # Errors
/// 404 when there is no such world, 503 when there is no room, or its log can't be read.
pub(super) async fn join(
    doorway: &Doorway,
    world: &WorldId,
    is_stream: bool,
) -> Result<(Feed, Option<Connection>), Failure> {
    let gateway = &doorway.gateway;
    let connection = is_stream.then(|| gateway.connections.open(Transport::Sse));
    let connection = connection.transpose()?;
    let bus = gateway.link.bus().await?;
    let filter = Filter {
        live: is_stream,
        ..Filter::default()
    };
    let joined = gateway.fanout.join(&bus, world, filter);
    Ok((gateway.link.during(joined).await?, connection))
}

/// The place that a client has seen, if it comes back.
///
/// # Errors
/// 400 when that is none.
pub(super) fn last_seen(headers: &HeaderMap) -> Result<Option<Position>, Failure> {
    let value = headers
        .get("last-event-id")
        .filter(|value| !value.is_empty());
    let place = value.map(|value| value.to_str().unwrap_or_default().parse::<Position>());
    place
        .transpose()
        .map_err(|error| Failure::invalid_field("last-event-id", error.to_string()))
}

impl Watch {
    /// Waits until all was told, and returns what came of it.
    ///
    /// # Errors
    /// 504 when that takes too long, 503 when the gateway ends meanwhile.
    pub(super) async fn whole(mut self) -> Result<Outcome, Failure> {
        let until = Instant::now() + self.doorway.gateway.turn_deadline();
        loop {
            match self.next(Some(until)).await {
                Ok(frame) => {
                    let (_, is_over) = self.tell(&frame);
                    if is_over {
                        return Ok(self.teller.outcome);
                    }
                }
                Err(Cut::Late) => {
                    let error =
                        "Chat request timed out: the message is stored, and is answered yet";
                    return Err(Failure::chat(StatusCode::GATEWAY_TIMEOUT, error));
                }
                Err(Cut::Close(_)) => {
                    let error = "The message is stored, but its answers can't be waited for now";
                    return Err(Failure::chat(StatusCode::SERVICE_UNAVAILABLE, error));
                }
            }
        }
    }

    /// Answers with an event stream.
    pub(super) fn streamed(self, connection: Connection) -> Response {
        let state = Some((self, connection));
        let events = futures::stream::unfold(state, async |state| {
            let (mut watch, connection) = state?;
            let (bytes, is_last) = match watch.step().await {
                Step::Told(told, is_last) => (watch.written(&told, &connection), is_last),
                Step::Beat => (Bytes::from_static(b":\n\n"), false),
                Step::Cut(cut) => (farewell(&cut, &connection), true),
            };
            let bytes = Ok::<_, std::convert::Infallible>(bytes);
            Some((bytes, (!is_last).then_some((watch, connection))))
        });
        let headers = [
            (CONTENT_TYPE, "text/event-stream"),
            (CACHE_CONTROL, "no-cache"),
            // Nginx would hold events back until it has a page of them.
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        (headers, HttpBody::from_stream(events)).into_response()
    }

    async fn step(&mut self) -> Step {
        if !self.first.is_empty() {
            return Step::Told(std::mem::take(&mut self.first), false);
        }
        let heartbeat = self.doorway.gateway.config.limits.sse_heartbeat;
        let beat = sleep_until(Instant::now() + heartbeat);
        tokio::pin!(beat);
        let until = self.patience.map(|patience| self.happened + patience);
        loop {
            let frame = tokio::select! {
                frame = self.next(until) => frame,
                () = &mut beat => return Step::Beat,
            };
            match frame {
                Ok(frame) => {
                    let (told, is_over) = self.tell(&frame);
                    if is_over || !told.is_empty() {
                        self.happened = Instant::now();
                        return Step::Told(told, is_over);
                    }
                }
                Err(cut) => return Step::Cut(cut),
            }
        }
    }

    async fn next(&mut self, until: Option<Instant>) -> Result<Arc<Frame>, Cut> {
        let next = async {
            match until {
                Some(until) => timeout_at(until, self.feed.next())
                    .await
                    .map_err(|_| Cut::Late),
                None => Ok(self.feed.next().await),
            }
        };
        let frame = tokio::select! {
            frame = next => frame?,
            () = self.doorway.gateway.shutdown.cancelled() => {
                return Err(Cut::Close(Close::Shutdown));
            }
        };
        frame.map_err(|ended| match ended {
            Ended::Slow => Cut::Close(Close::Slow),
            Ended::Unreadable => Cut::Close(Close::ServerError),
        })
    }

    fn tell(&mut self, frame: &Frame) -> (Vec<Envelope>, bool) {
        match &frame.body {
            Body::Event(event) => {
                let (told, is_over) = self.teller.event(event);
                let is_seen = self.seen.is_some_and(|seen| event.sequence <= seen);
                (if is_seen { Vec::new() } else { told }, is_over)
            }
            Body::Chunk(chunk) => (self.teller.chunk(chunk), false),
        }
    }

    fn written(&self, told: &[Envelope], connection: &Connection) -> Bytes {
        let mut bytes = BytesMut::new();
        for envelope in told {
            bytes.extend_from_slice(&envelope.bytes());
        }
        connection.delivered(told.len() as u64);
        bytes.freeze()
    }
}

fn farewell(cut: &Cut, connection: &Connection) -> Bytes {
    let message = match cut {
        Cut::Late => "Nothing has happened for a long time: the turn goes on without this stream",
        Cut::Close(close) => {
            connection.closed(*close);
            match close {
                Close::Slow => "This stream is too far behind: come back with its last id",
                _ => "The gateway ends this stream: come back with its last id",
            }
        }
    };
    Envelope::failed(message).bytes()
}
