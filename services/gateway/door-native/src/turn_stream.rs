//! A turn as clients receive it: at its end, or as an event stream.

use bytes::Bytes;
use contract::http::TurnResponse;
use door_kit::{EventReader, Frame, Payload, Problem, Projection, Projector, ReadEnd, SseEvents};

use crate::event_format::EventFormat;
use crate::stream::close_event;
use crate::turn::{Turn, TurnEvent};

/// Waits for the end of the turn of a message that was posted.
///
/// # Errors
/// 504 when that takes too long, 503 when the gateway shuts down meanwhile.
pub(crate) async fn wait_for_turn(
    mut reader: EventReader,
    posted: TurnResponse,
) -> Result<TurnResponse, Problem> {
    let mut turn = Turn::new(posted.id);
    loop {
        let frame = reader.next().await.map_err(|end| match end {
            ReadEnd::Deadline => Problem::deadline(format!(
                "the message {} is stored in commit {}, but its turn has not ended yet",
                posted.id, posted.seq
            )),
            ReadEnd::Closed(_) => Problem::unavailable(format!(
                "the message {} is stored in commit {}, but its turn can't be waited for: \
                 repeat the request with the same Idempotency-Key",
                posted.id, posted.seq
            )),
        })?;
        if let Payload::Event(event) = &frame.payload
            && turn.apply(event) == TurnEvent::End
        {
            return Ok(TurnResponse {
                answers: Some(turn.answers),
                failures: Some(turn.failures),
                unanswered: turn.unanswered,
                ..posted
            });
        }
    }
}

/// Writes the events and chunks of one turn.
pub(crate) struct TurnProjector {
    pub(crate) turn: Turn,
    pub(crate) format: EventFormat,
}

impl TurnProjector {
    fn event(&self, frame: &Frame) -> SseEvents {
        SseEvents::delivery(self.format.sse(frame))
    }
}

impl Projector for TurnProjector {
    fn project(&mut self, frame: &Frame) -> Projection {
        match &frame.payload {
            Payload::Chunk(chunk) if self.turn.owns(chunk) => Projection::Write(self.event(frame)),
            Payload::Chunk(_) => Projection::Skip,
            Payload::Event(event) => match self.turn.apply(event) {
                TurnEvent::Unrelated => Projection::Skip,
                TurnEvent::Part => Projection::Write(self.event(frame)),
                TurnEvent::End => Projection::Finish(self.event(frame)),
            },
        }
    }

    fn close_event(&self, end: ReadEnd) -> Bytes {
        close_event(end)
    }
}
