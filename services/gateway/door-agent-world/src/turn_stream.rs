//! How a client receives what comes of a message: as an event stream, or at the end of the turn.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use contract::commit::Position;
use contract::{Fact, WorldId};
use door_kit::{
    CloseReason, ConnectionGuard, EventReader, Filter, Frame, Payload, Projection, Projector,
    ReadEnd, SseEvents, Subscription, Transport,
};
use futures::future::BoxFuture;
use tokio::time::sleep;

use crate::decisions::Decisions;
use crate::envelope::Envelope;
use crate::error::ApiError;
use crate::projector::{Projected, SseProjector, TurnOutcome};
use crate::state::AgentWorldState;
use crate::validation::Fields;

const ENDED_APPROVAL: &str = "approval.ended";
const ENDED_TURN: &str = "chat.turn_ended";

/// That nobody answers a message is reported so long after it: a page that has just sent one shows it first, and
/// then covers all of it with the report. Agent World's own server waits for a quarter of a second at least.
const SEND_TIME: Duration = Duration::from_millis(300);

/// How a client wants to receive what comes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyMode {
    /// As an event stream.
    Stream,
    /// As one answer, at the end of the turn.
    Complete,
}

impl ReplyMode {
    /// Reads the field `stream` of a body; a stream is the default.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        match fields.flag("stream") {
            None | Some(true) => Self::Stream,
            Some(false) => Self::Complete,
        }
    }
}

/// The subscription for a reply.
pub(crate) enum Reply {
    Stream(ConnectionGuard, Subscription),
    Complete(Subscription),
}

/// Subscribes to a world for a reply, and counts a connection if it is to be a stream.
///
/// # Errors
/// 404 when there is no such world, 503 when there are too many connections, or its log can't be read.
pub(crate) async fn subscribe(
    state: &AgentWorldState,
    world: &WorldId,
    mode: ReplyMode,
) -> Result<Reply, ApiError> {
    let doors = &state.doors;
    match mode {
        ReplyMode::Stream => {
            let connection = doors.connections.open(Transport::Sse)?;
            let filter = Filter {
                live: true,
                ..Filter::default()
            };
            let subscription = doors.subscribe(world, filter).await?;
            Ok(Reply::Stream(connection, subscription))
        }
        ReplyMode::Complete => {
            let subscription = doors.subscribe(world, Filter::default()).await?;
            Ok(Reply::Complete(subscription))
        }
    }
}

/// Waits for the end of a turn, and returns its outcome.
///
/// # Errors
/// 504 when that takes too long, 503 when the gateway shuts down meanwhile.
pub(crate) async fn wait_for_outcome(
    mut reader: EventReader,
    mut projector: SseProjector,
) -> Result<TurnOutcome, ApiError> {
    loop {
        let frame = reader.next().await.map_err(|end| match end {
            ReadEnd::Deadline => {
                let error = "Chat request timed out: the message is stored, and is answered yet";
                ApiError::chat(StatusCode::GATEWAY_TIMEOUT, error)
            }
            ReadEnd::Closed(_) => {
                let error = "The message is stored, but its answers can't be waited for now";
                ApiError::chat(StatusCode::SERVICE_UNAVAILABLE, error)
            }
        })?;
        if let Payload::Event(event) = &frame.payload
            && let Projected::Finish(_) = projector.event(event)
        {
            return Ok(projector.outcome);
        }
    }
}

/// Writes the envelopes of a stream.
pub(crate) struct EnvelopeStream {
    pub(crate) projector: SseProjector,
    /// The last position that the client has received, if it resumes: what is at or before it is not
    /// written again.
    pub(crate) seen: Option<Position>,
    /// The answers to prompts that are under way.
    pub(crate) decisions: Arc<Decisions>,
}

impl Projector for EnvelopeStream {
    fn wait_before(&self, frame: &Frame) -> Option<BoxFuture<'static, ()>> {
        let Payload::Event(event) = &frame.payload else {
            return None;
        };
        // Few events are of these types: the others are not parsed for it.
        if !matches!(event.event_type.as_str(), ENDED_APPROVAL | ENDED_TURN) {
            return None;
        }
        match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(Fact::ApprovalEnded(ended))) => self.decisions.wait_for(ended.approval),
            Ok(Some(Fact::TurnEnded(ended))) if self.projector.is_refused(&ended) => {
                Some(Box::pin(sleep(SEND_TIME)))
            }
            _ => None,
        }
    }

    fn project(&mut self, frame: &Frame) -> Projection {
        match &frame.payload {
            Payload::Chunk(chunk) => match self.projector.chunk(chunk) {
                envelopes if envelopes.is_empty() => Projection::Skip,
                envelopes => Projection::Write(events(&envelopes)),
            },
            Payload::Event(event) => {
                let is_seen = self.seen.is_some_and(|seen| event.sequence <= seen);
                match self.projector.event(event) {
                    Projected::Finish(_) if is_seen => Projection::Finish(SseEvents::default()),
                    Projected::Finish(envelopes) => Projection::Finish(events(&envelopes)),
                    Projected::Continue(envelopes) if is_seen || envelopes.is_empty() => {
                        Projection::Skip
                    }
                    Projected::Continue(envelopes) => Projection::Write(events(&envelopes)),
                }
            }
        }
    }

    fn close_event(&self, end: ReadEnd) -> Bytes {
        let message = match end {
            ReadEnd::Deadline => {
                "Nothing has happened for a long time: the turn goes on without this stream"
            }
            ReadEnd::Closed(CloseReason::Slow) => {
                "This stream is too far behind: come back with its last id"
            }
            ReadEnd::Closed(_) => "The gateway ends this stream: come back with its last id",
        };
        Envelope::stream_error(message).bytes()
    }
}

/// The text of envelopes.
pub(crate) fn events(envelopes: &[Envelope]) -> SseEvents {
    let mut bytes = BytesMut::new();
    for envelope in envelopes {
        bytes.extend_from_slice(&envelope.bytes());
    }
    SseEvents {
        bytes: bytes.freeze(),
        deliveries: envelopes.len() as u64,
    }
}
