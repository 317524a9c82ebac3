//! Which events hand a run to the workers.

use crate::event::Event;
use crate::fact::Fact;
use crate::id::WorldId;
use crate::run::Run;

impl Run {
    /// The run that an event hands to the workers: one that is requested and waits for no other, or one that
    /// has waited and begins.
    #[must_use]
    pub fn dispatched_by(world: &WorldId, event: &Event, fact: Fact) -> Option<Self> {
        let world = world.clone();
        let chat = event.chat.clone();
        match fact {
            Fact::ActionRequested(requested) if !requested.queued => Some(Self {
                id: event.id.run(),
                world,
                action: requested.action,
                entity: requested.entity,
                ability: requested.ability,
                arguments: requested.arguments,
                chat,
                message: requested.message,
                turn: requested.turn,
                deadline: requested.deadline,
                context: None,
            }),
            Fact::ActionStarted(started) => Some(Self {
                id: started.run,
                world,
                action: started.action,
                entity: started.entity,
                ability: Some(started.ability),
                arguments: started.arguments,
                chat,
                message: started.message,
                turn: started.turn,
                deadline: started.deadline,
                context: None,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::id::CommandId;

    fn dispatched(event_type: &str, data: &Value) -> (Event, Option<Run>) {
        let event = json!({
            "id": CommandId::new().event(0), "type": event_type, "sender": "mic", "chat": "main", "data": data,
        });
        let event: Event = serde_json::from_value(event).unwrap();
        let fact = Fact::parse(&event.event_type, &event.data)
            .unwrap()
            .unwrap();
        let run = Run::dispatched_by(&"studio".parse().unwrap(), &event, fact);
        (event, run)
    }

    fn requested(queued: bool) -> Value {
        json!({
            "action": "mic-speak", "agent": "mic", "ability": "speak", "arguments": {"n": 1},
            "deadline": "2026-01-31T12:10:00.000Z", "queued": queued,
        })
    }

    #[test]
    fn a_run_is_dispatched_when_it_begins() {
        let (event, run) = dispatched("action.requested", &requested(false));
        let run = run.unwrap();
        assert_eq!((run.id, run.world.as_str()), (event.id.run(), "studio"));
        assert_eq!(run.chat, event.chat);

        let (_, waits) = dispatched("action.requested", &requested(true));
        assert!(waits.is_none());

        let id = CommandId::new().event(0).run();
        let mut started = requested(false);
        started["invocation"] = json!(id);
        let (_, run) = dispatched("action.started", &started);
        let run = run.unwrap();
        assert_eq!(run.id, id);
        assert_eq!(run.ability.unwrap().as_str(), "speak");
        assert_eq!(run.arguments.unwrap().get(), r#"{"n":1}"#);

        let (_, other) = dispatched("action.cancelled", &json!({"invocation": id}));
        assert!(other.is_none());
    }
}
