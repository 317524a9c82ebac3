//! A turn, seen from outside: the answers to one message, until nobody has anything left to say.

use contract::fact::{ActionFailed, MessagePosted, TurnEnded};
use contract::{Chunk, CloudEvent, EntityId, EventId, Fact, MessageId, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TurnAnswer {
    /// The message's id.
    id: MessageId,
    /// Who answered.
    sender: EntityId,
    /// What was said.
    text: String,
    /// What it cost to think of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// An agent that was to answer, and did not.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TurnFailure {
    /// Who.
    agent: EntityId,
    /// A word for programs, such as `model_timeout` or `cancelled`.
    code: String,
    /// A sentence for people.
    reason: String,
}

/// What came of a message so far.
#[derive(Debug)]
pub(super) struct Turn {
    message: MessageId,
    pub(super) answers: Vec<TurnAnswer>,
    pub(super) failures: Vec<TurnFailure>,
}

/// What an event is to a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Something else.
    None,
    /// An answer, the failure of one, or what waits for a person on the way to one.
    Result,
    /// The end.
    End,
}

impl Turn {
    pub(super) fn of(message: MessageId) -> Self {
        Self {
            message,
            answers: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Takes note of an event.
    pub(super) fn take(&mut self, event: &CloudEvent) -> Part {
        // Nothing follows in the log of a deleted world: the turn will not end otherwise.
        if event.event_type.as_str() == "world.deleted" {
            return Part::End;
        }
        let EventId(id) = event.id;
        if event.correlationid != Some(self.message.0) || id == self.message.0 {
            return Part::None;
        }
        match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(Fact::TurnEnded(TurnEnded { turn }))) if turn == self.message => Part::End,
            Ok(Some(Fact::MessagePosted(posted))) => {
                self.answers.push(answer(event, posted));
                Part::Result
            }
            // A tool that fails is not the agent that does.
            Ok(Some(Fact::ActionFailed(failed))) if failed.call.is_none() => {
                self.failures.push(failure(event, failed));
                Part::Result
            }
            Ok(Some(Fact::ActionCancelled(cancelled))) if cancelled.call.is_none() => {
                self.failures.push(TurnFailure {
                    agent: event.sender.clone(),
                    code: "cancelled".to_owned(),
                    reason: "the answer was called off".to_owned(),
                });
                Part::Result
            }
            Ok(Some(Fact::ApprovalRequested(_) | Fact::ApprovalEnded(_))) => Part::Result,
            _ => Part::None,
        }
    }

    /// Whether a piece of an answer belongs to it.
    pub(super) fn owns(&self, chunk: &Chunk) -> bool {
        chunk.turn == Some(self.message)
    }
}

fn answer(event: &CloudEvent, posted: MessagePosted) -> TurnAnswer {
    TurnAnswer {
        id: event.id.message(),
        sender: event.sender.clone(),
        text: posted.text,
        usage: posted.usage,
    }
}

fn failure(event: &CloudEvent, failed: ActionFailed) -> TurnFailure {
    TurnFailure {
        agent: event.sender.clone(),
        code: failed.code,
        reason: failed.reason,
    }
}

#[cfg(test)]
mod tests {
    use contract::commit::Position;
    use contract::fact::ApprovalEnded;
    use contract::tool::Verdict;
    use contract::{CommandId, Event, Timestamp};

    use super::*;

    #[test]
    fn whoever_watches_a_turn_is_told_what_waits_for_a_person() {
        let message = CommandId::new().event(0);
        let ended = Fact::ApprovalEnded(ApprovalEnded {
            approval: CommandId::new().event(0).approval(),
            verdict: Verdict::Approved,
        });
        let event = Event {
            id: CommandId::new().event(0),
            event_type: ended.event_type(),
            sender: "guest".parse().unwrap(),
            target: None,
            chat: None,
            causation: None,
            correlation: Some(message.0),
            trace: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data: ended.to_data().unwrap(),
        };
        let (seq, index) = (1, 0);
        let at = Timestamp::default();
        let world = "lobby".parse().unwrap();
        let event = CloudEvent::new(&world, Position { seq, index }, at, event);
        assert_eq!(Turn::of(message.message()).take(&event), Part::Result);
        assert_eq!(Turn::of(event.id.message()).take(&event), Part::None);
    }
}
