//! The driver of an event stream.

use std::convert::Infallible;
use std::mem;
use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};

use super::keep_alive::KeepAlive;
use super::projector::{Projection, Projector, SseEvents};
use crate::close_reason::CloseReason;
use crate::connections::ConnectionGuard;
use crate::event_reader::{EventReader, ReadEnd};
use crate::fanout::Frame;
use crate::state::DoorState;

/// How soon the client of a stream opens it again, in milliseconds, at another gateway or at this one when it is
/// back.
const RETRY: &[u8] = b"retry: 1000\n";
/// Events are joined until a write has this many bytes.
const WRITE_BYTES: usize = 32 << 10;

/// An event stream: the frames of a subscription, as a door writes them.
pub struct SseStream<P> {
    reader: EventReader,
    projector: P,
    connection: ConnectionGuard,
    keep_alive: KeepAlive,
    /// The next frame, which was read already and has to wait.
    held: Option<Arc<Frame>>,
}

/// One write.
enum Write {
    /// More may follow.
    Continue(Bytes),
    /// The stream ends.
    Last(Bytes),
}

/// How far a stream is.
enum Progress<P> {
    /// The first write is there already.
    First(SseEvents, Box<SseStream<P>>),
    Running(Box<SseStream<P>>),
    Ended,
}

impl<P: Projector> SseStream<P> {
    /// A stream of what `reader` reads.
    pub fn new(
        state: &DoorState,
        connection: ConnectionGuard,
        reader: EventReader,
        projector: P,
    ) -> Self {
        Self {
            reader,
            projector,
            connection,
            keep_alive: KeepAlive::new(state.sse_keep_alive),
            held: None,
        }
    }

    /// The response whose body is the stream, which begins with `first`.
    pub fn into_response(self, first: SseEvents) -> Response {
        // What is in a box is not copied into each state of the future that reads it.
        let stream = Box::new(self);
        let start = match first.bytes.is_empty() {
            true => Progress::Running(stream),
            false => Progress::First(first, stream),
        };
        let writes = futures::stream::unfold(start, async |progress| {
            let (first, mut stream) = match progress {
                Progress::First(first, stream) => (Some(first), stream),
                Progress::Running(stream) => (None, stream),
                Progress::Ended => return None,
            };
            let write = match first {
                Some(first) => {
                    stream.connection.record_deliveries(first.deliveries);
                    Write::Continue(first.bytes)
                }
                None => stream.next_write().await,
            };
            Some(match write {
                Write::Continue(bytes) => (Ok::<_, Infallible>(bytes), Progress::Running(stream)),
                Write::Last(bytes) => (Ok(bytes), Progress::Ended),
            })
        });
        let headers = [
            (CONTENT_TYPE, "text/event-stream"),
            (CACHE_CONTROL, "no-cache"),
            // Nginx would hold events back until it has a page of them.
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        (headers, Body::from_stream(writes)).into_response()
    }

    async fn next_write(&mut self) -> Write {
        loop {
            let frame = match self.held.take() {
                Some(frame) => Ok(frame),
                None => tokio::select! {
                    frame = self.reader.next() => frame,
                    comment = self.keep_alive.next() => return Write::Continue(comment),
                },
            };
            let frame = match frame {
                Ok(frame) => frame,
                Err(end) => return Write::Last(self.close(end)),
            };
            let wait = self.projector.wait_before(&frame);
            if let Some(wait) = wait {
                wait.await;
            }
            if let Some(write) = self.write_available(frame) {
                self.keep_alive.reset();
                self.reader.reset_idle();
                return write;
            }
        }
    }

    /// What is written of a frame and of those behind it that are there already and need not wait; nothing
    /// when the projector skips all of them.
    fn write_available(&mut self, first: Arc<Frame>) -> Option<Write> {
        let mut next = Some(first);
        let mut batch = Batch::default();
        let mut finished = false;
        while let Some(frame) = next {
            match self.projector.project(&frame) {
                Projection::Skip => {}
                Projection::Write(events) => batch.push(events),
                Projection::Finish(events) => {
                    batch.push(events);
                    finished = true;
                    break;
                }
            }
            next = match batch.bytes() < WRITE_BYTES {
                true => self.reader.try_next(),
                false => None,
            };
            let waits = |frame: &mut Arc<Frame>| self.projector.wait_before(frame).is_some();
            self.held = next.take_if(waits);
        }
        self.connection.record_deliveries(batch.deliveries);
        let bytes = batch.into_bytes();
        match finished {
            true => Some(Write::Last(bytes)),
            false => (!bytes.is_empty()).then_some(Write::Continue(bytes)),
        }
    }

    fn close(&self, end: ReadEnd) -> Bytes {
        let close = self.projector.close_event(end);
        let ReadEnd::Closed(reason) = end else {
            return close;
        };
        self.connection.record_close(reason);
        match reason {
            // Browsers have pauses of their own, which may be minutes.
            CloseReason::Shutdown if !close.is_empty() => [RETRY, &close].concat().into(),
            _ => close,
        }
    }
}

/// The events of one write. A single one is not copied.
#[derive(Default)]
struct Batch {
    first: Bytes,
    joined: BytesMut,
    deliveries: u64,
}

impl Batch {
    fn push(&mut self, events: SseEvents) {
        self.deliveries += events.deliveries;
        if self.bytes() == 0 {
            self.first = events.bytes;
            return;
        }
        self.joined.extend_from_slice(&mem::take(&mut self.first));
        self.joined.extend_from_slice(&events.bytes);
    }

    fn bytes(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_one_write_are_joined_in_order() {
        let mut batch = Batch::default();
        for text in ["a", "b", "", "c"] {
            batch.push(SseEvents::delivery(Bytes::from_static(text.as_bytes())));
        }
        batch.push(SseEvents::control(Bytes::from_static(b"d")));
        assert_eq!((batch.bytes(), batch.deliveries), (4, 4));
        assert_eq!(batch.into_bytes(), "abcd");
    }
}
