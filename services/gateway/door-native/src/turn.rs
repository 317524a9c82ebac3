//! The turn of a message, as it follows from the events of its world.

use contract::chat::Unanswered;
use contract::fact::{ActionFailed, MessagePosted};
use contract::http::{TurnAnswer, TurnFailure};
use contract::{Chunk, CloudEvent, EventId, Fact, MessageId};

/// The turn of a message, so far.
#[derive(Debug)]
pub(crate) struct Turn {
    message: MessageId,
    pub(crate) answers: Vec<TurnAnswer>,
    pub(crate) failures: Vec<TurnFailure>,
    /// Why nobody answered, once it has ended.
    pub(crate) unanswered: Option<Unanswered>,
}

/// What an event is to a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnEvent {
    /// Nothing.
    Unrelated,
    /// An answer, the failure of one, or an approval on the way to one.
    Part,
    /// Its end.
    End,
}

impl Turn {
    /// The turn of this message.
    pub(crate) fn new(message: MessageId) -> Self {
        Self {
            message,
            answers: Vec::new(),
            failures: Vec::new(),
            unanswered: None,
        }
    }

    /// Applies an event of the world.
    pub(crate) fn apply(&mut self, event: &CloudEvent) -> TurnEvent {
        // The log of a deleted world has no further events: the turn would not end otherwise.
        if event.event_type.as_str() == "world.deleted" {
            return TurnEvent::End;
        }
        let EventId(id) = event.id;
        if event.correlationid != Some(self.message.0) || id == self.message.0 {
            return TurnEvent::Unrelated;
        }
        match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(Fact::TurnEnded(ended))) if ended.turn == self.message => {
                self.unanswered = ended.unanswered;
                TurnEvent::End
            }
            Ok(Some(Fact::MessagePosted(posted))) => {
                self.answers.push(answer(event, posted));
                TurnEvent::Part
            }
            // The failure of a tool call is no failure of its agent.
            Ok(Some(Fact::ActionFailed(failed))) if failed.call.is_none() => {
                self.failures.push(failure(event, failed));
                TurnEvent::Part
            }
            Ok(Some(Fact::ActionCancelled(cancelled))) if cancelled.call.is_none() => {
                self.failures.push(TurnFailure {
                    agent: event.sender.clone(),
                    code: "cancelled".to_owned(),
                    reason: "the answer was cancelled".to_owned(),
                });
                TurnEvent::Part
            }
            Ok(Some(Fact::ApprovalRequested(_) | Fact::ApprovalEnded(_))) => TurnEvent::Part,
            _ => TurnEvent::Unrelated,
        }
    }

    /// Whether a chunk is of one of its answers.
    pub(crate) fn owns(&self, chunk: &Chunk) -> bool {
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
    use contract::fact::{ApprovalEnded, TurnEnded};
    use contract::tool::Verdict;
    use contract::{CommandId, Event, Timestamp};

    use super::*;

    /// An event of the turn of this message.
    fn event(message: EventId, fact: &Fact) -> CloudEvent {
        let event = Event {
            id: CommandId::new().event(0),
            event_type: fact.event_type(),
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
            data: fact.to_data().unwrap(),
        };
        let (seq, index) = (1, 0);
        let at = Timestamp::default();
        let world = "lobby".parse().unwrap();
        CloudEvent::new(&world, Position { seq, index }, at, event)
    }

    #[test]
    fn an_approval_is_a_part_of_its_turn() {
        let message = CommandId::new().event(0);
        let ended = Fact::ApprovalEnded(ApprovalEnded {
            approval: CommandId::new().event(0).approval(),
            verdict: Verdict::Approved,
        });
        let event = event(message, &ended);
        assert_eq!(Turn::new(message.message()).apply(&event), TurnEvent::Part);
        assert_eq!(
            Turn::new(event.id.message()).apply(&event),
            TurnEvent::Unrelated
        );
    }

    #[test]
    fn the_end_of_a_turn_says_why_nobody_answered() {
        let message = CommandId::new().event(0);
        for unanswered in [None, Some(Unanswered::NoAgents)] {
            let ended = Fact::TurnEnded(TurnEnded {
                turn: message.message(),
                unanswered,
            });
            let mut turn = Turn::new(message.message());
            assert_eq!(turn.apply(&event(message, &ended)), TurnEvent::End);
            assert_eq!(turn.unanswered, unanswered);
        }
    }
}
