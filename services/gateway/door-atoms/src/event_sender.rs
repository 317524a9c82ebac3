//! Sends the events of one client to its session, in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use contract::flow::NewFlowEvent;
use contract::flow::atoms::ErrorSeverity;
use contract::{Accepted, Command, EntityId, Position, SessionId, WorldId};
use door_kit::{Clock, DoorState, Pipeline, Principal, Problem};
use tracing::Span;

use crate::error_frame::{Subject, encode_problem};

/// Errors that wait for the events before them: as many as one batch has. With more, the client's next frame
/// waits unread.
const ERRORS_MAX: usize = 256;

/// Whose session it is.
#[derive(Clone)]
pub(crate) struct ClientSession {
    pub(crate) world: WorldId,
    pub(crate) principal: Principal,
    pub(crate) entity: EntityId,
    pub(crate) id: SessionId,
}

/// Sends the events of one client. Those that come while some are under way leave together, as an ordered batch.
///
/// What was not taken becomes an error frame. It has a place in the order of the client: behind the errors of
/// the frames before it, and behind the first event of each of those that were taken.
pub(crate) struct EventSender {
    session: ClientSession,
    clock: Clock,
    pipeline: Pipeline<Place>,
    /// The first event of the last frame that was taken.
    last_taken: Position,
    errors: VecDeque<PlacedError>,
}

/// The place of a frame in the order of its client.
enum Place {
    /// Its event was sent.
    Sent {
        subject: Subject,
        /// It ends with the outcome.
        _span: Span,
    },
    /// The door has not taken it, with this error.
    Refused(Bytes),
}

/// An error frame that leaves once the client has got the event at `after`.
struct PlacedError {
    after: Position,
    frame: Bytes,
}

impl EventSender {
    pub(crate) fn new(doors: Arc<DoorState>, session: ClientSession) -> Self {
        Self {
            clock: doors.clock.clone(),
            pipeline: Pipeline::new(doors, session.world.clone()),
            session,
            last_taken: Position::default(),
            errors: VecDeque::new(),
        }
    }

    /// Whether the client's next frame must wait unread.
    pub(crate) fn is_full(&self) -> bool {
        self.pipeline.is_full() || self.errors.len() >= ERRORS_MAX
    }

    /// Sends the event of a frame of `size_bytes`.
    ///
    /// A command has one event only: what the world refuses is then one frame, and not those beside it.
    pub(crate) fn push(&mut self, event: NewFlowEvent, size_bytes: usize) {
        let span = door_kit::frame_span(&self.session.world);
        let subject = Subject {
            event_type: Some(event.event_type.clone()),
            event_id: event.id.clone(),
        };
        let command = Command::SendSessionEvents {
            session: self.session.id,
            events: vec![event],
        };
        let sent = (self.session.entity.clone(), command);
        let place = Place::Sent {
            subject,
            _span: span.clone(),
        };
        let _entered = span.enter();
        self.pipeline
            .push(self.clock.new_command_id(), sent, size_bytes, place);
    }

    /// Adds the error of a frame that is not sent.
    pub(crate) fn push_error(&mut self, frame: Bytes) {
        self.pipeline.push_place(Place::Refused(frame));
    }

    /// Waits until it is known what became of the next frames; for ever when there are none. A caller may
    /// stop waiting at any time.
    pub(crate) async fn settle_next(&mut self) {
        for (place, outcome) in self.pipeline.next().await {
            self.settle(place, outcome);
        }
    }

    fn settle(&mut self, place: Place, outcome: Option<Result<Accepted, Problem>>) {
        let frame = match (place, outcome) {
            (Place::Refused(frame), _) => frame,
            (Place::Sent { subject, .. }, Some(Err(problem))) => {
                encode_problem(ErrorSeverity::Warning, &problem, &subject)
            }
            (Place::Sent { .. }, Some(Ok(accepted))) => {
                // What made no event of its own is not waited for.
                if accepted.events > 0 {
                    self.last_taken = Position {
                        seq: accepted.seq,
                        index: accepted.first,
                    };
                }
                return;
            }
            (Place::Sent { .. }, None) => return,
        };
        let after = self.last_taken;
        self.errors.push_back(PlacedError { after, frame });
    }

    /// Takes the errors whose place has come: the client has got the events up to `delivered`.
    pub(crate) fn take_errors(&mut self, delivered: Position) -> Vec<Bytes> {
        let mut frames = Vec::new();
        while let Some(error) = self.errors.pop_front_if(|error| error.after <= delivered) {
            frames.push(error.frame);
        }
        frames
    }

    /// Waits until what was read from the client is stored.
    pub(crate) async fn finish(self) {
        self.pipeline.finish().await;
    }
}
