//! What a door writes of the frames of an event stream.

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::event_reader::ReadEnd;
use crate::fanout::Frame;

/// Decides what a door writes of the frames of an event stream.
pub trait Projector: Send + 'static {
    /// What has to happen before a frame is written, if anything: the frames behind it wait as well.
    fn wait_before(&self, _frame: &Frame) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// What is written of a frame.
    fn project(&mut self, frame: &Frame) -> Projection;

    /// The last event of a stream that ends before [`Projection::Finish`].
    fn close_event(&self, end: ReadEnd) -> Bytes;
}

/// What is written of a frame.
#[derive(Debug)]
pub enum Projection {
    /// Nothing.
    Skip,
    /// These events; more may follow.
    Write(SseEvents),
    /// These events, and the stream ends.
    Finish(SseEvents),
}

/// The text of server-sent events.
#[derive(Debug, Clone, Default)]
pub struct SseEvents {
    /// The text.
    pub bytes: Bytes,
    /// How many events and chunks of the world are in it, for the metrics.
    pub deliveries: u64,
}

impl SseEvents {
    /// One event or chunk of the world.
    pub fn delivery(bytes: Bytes) -> Self {
        Self {
            bytes,
            deliveries: 1,
        }
    }

    /// An event of the stream itself, such as its first.
    pub fn control(bytes: Bytes) -> Self {
        Self {
            bytes,
            deliveries: 0,
        }
    }
}
