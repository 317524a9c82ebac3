//! What the client of one session gets of the events and chunks of its world.

use contract::commit::Position;
use contract::flow::{FlowFrame, SessionEnded};
use contract::{CloudEvent, Fact, RunId, SessionId};
use service_kit::ErrorChain;
use tracing::warn;

use super::answers::Answers;
use super::item::{SessionFrame, SessionItem};
use crate::fanout::Payload;

/// Turns the events and chunks of a session into what its client gets: what leaves the flow, in the order of
/// the log, and chunks in their places. A client that has read them has got each piece of an answer once.
pub struct SessionProjector {
    session: SessionId,
    answers: Answers,
}

impl SessionProjector {
    /// The projector of one client. `resumed`: whether the client has read events of the session before, so
    /// that it may have a part of an answer.
    pub fn new(session: SessionId, resumed: bool) -> Self {
        Self {
            session,
            answers: Answers::new(resumed),
        }
    }

    /// What the client gets of an event or a chunk. Those of other sessions are nothing to it.
    pub fn project(&mut self, payload: &Payload) -> Vec<SessionItem> {
        match payload {
            Payload::Event(event) => self.project_event(event),
            Payload::Chunk(chunk) if chunk.session == Some(self.session) => {
                items(self.answers.on_chunk(chunk))
            }
            Payload::Chunk(_) => Vec::new(),
        }
    }

    fn project_event(&mut self, event: &CloudEvent) -> Vec<SessionItem> {
        if event.correlationid != Some(self.session.0) {
            return Vec::new();
        }
        let position = event.sequence;
        match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(Fact::FlowEvent(sent))) => {
                let frame = sent.to_frame(event.id, event.time);
                self.leave(position, frame, sent.run, sent.route.out)
            }
            Ok(Some(Fact::FlowPassed(passed))) => match passed.frame {
                Some(frame) => self.leave(position, *frame, None, passed.route.out),
                None => Vec::new(),
            },
            Ok(Some(Fact::SessionEnded(SessionEnded { reason, .. }))) => {
                vec![SessionItem::Ended { position, reason }]
            }
            Ok(_) => Vec::new(),
            Err(error) => {
                warn!(event.id = %event.id, error = %ErrorChain(&error), "malformed event skipped");
                Vec::new()
            }
        }
    }

    /// An event leaves the flow `count` times.
    fn leave(
        &mut self,
        position: Position,
        frame: FlowFrame,
        run: Option<RunId>,
        count: u32,
    ) -> Vec<SessionItem> {
        match count {
            0 => Vec::new(),
            1 => items(self.answers.on_frame(position, frame, run)),
            // Of a sink that takes an event once for each path, nothing is live.
            count => {
                let copies = (0..count).map(|_| SessionFrame::durable(position, frame.clone()));
                items(copies.collect())
            }
        }
    }
}

fn items(frames: Vec<SessionFrame>) -> Vec<SessionItem> {
    let frames = frames.into_iter();
    frames
        .map(|frame| SessionItem::Frame(Box::new(frame)))
        .collect()
}
