//! A message whose answers a client waits for.

use std::sync::Arc;

use axum::response::Response;
use contract::commit::Position;
use contract::{Accepted, ChatId, MessageId};
use door_kit::{EventReader, ReadDeadline, SseEvents, SseStream};
use tokio::time::Instant;

use crate::error::ApiError;
use crate::projector::{RenderOptions, Scope, SseProjector, TurnOutcome};
use crate::state::AgentWorldState;
use crate::turn_stream::{EnvelopeStream, Reply, wait_for_outcome};

/// A message whose answers a client waits for.
pub(crate) struct PendingTurn {
    pub(crate) chat: ChatId,
    pub(crate) message: MessageId,
    pub(crate) options: RenderOptions,
    /// The last position that the client has received, if it resumes.
    pub(crate) seen: Option<Position>,
}

/// What a client receives of a turn.
pub(crate) enum TurnOutput {
    /// Its events, as they come.
    Stream(Response),
    /// Its outcome.
    Complete(TurnOutcome),
}

impl PendingTurn {
    /// Begins a stream, or waits for the end of the turn. What was answered to a message that was posted
    /// before, with the same key, is in the log.
    ///
    /// # Errors
    /// As [`wait_for_outcome`].
    pub(crate) async fn reply(
        self,
        state: &AgentWorldState,
        reply: Reply,
        accepted: Accepted,
    ) -> Result<TurnOutput, ApiError> {
        let doors = &state.doors;
        let start = Position::end_of(accepted.seq.saturating_sub(1));
        let scope = Scope::Turn {
            chat: self.chat,
            message: self.message,
        };
        let projector = SseProjector::new(scope, self.options);
        match reply {
            Reply::Stream(connection, mut subscription) => {
                subscription.resume_after(start);
                let deadline = ReadDeadline::Idle(doors.turn_deadline);
                let reader = EventReader::new(doors, subscription, deadline);
                let stream = EnvelopeStream {
                    projector,
                    seen: self.seen,
                    decisions: Arc::clone(&state.decisions),
                };
                let stream = SseStream::new(doors, connection, reader, stream);
                let response = stream.into_response(SseEvents::default());
                Ok(TurnOutput::Stream(response))
            }
            Reply::Complete(mut subscription) => {
                subscription.resume_after(start);
                let deadline = ReadDeadline::At(Instant::now() + doors.turn_deadline);
                let reader = EventReader::new(doors, subscription, deadline);
                let outcome = wait_for_outcome(reader, projector).await?;
                Ok(TurnOutput::Complete(outcome))
            }
        }
    }
}
