//! Which events change the context of a run: a worker need not wait for commits that do not concern it.

use contract::{Event, FactKind, Purpose, RunId};
use uuid::Uuid;

use crate::runs::require_open;
use crate::world::World;

/// What the context of a run depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextScope {
    /// Its agent, and the interaction whose steps it does.
    Steps,
    /// Its agent, and the session whose event it handles.
    Session(Uuid),
    /// Anything in the world.
    World,
}

/// What the context of a run depends on.
pub fn context_scope(world: &World, id: RunId) -> ContextScope {
    match require_open(world, id).map(|run| &run.purpose) {
        Ok(Purpose::Interaction(_)) => ContextScope::Steps,
        Ok(Purpose::Node(step)) => ContextScope::Session(step.session.0),
        _ => ContextScope::World,
    }
}

/// Which contexts some events may change. What ends a run does not count: it has no context then.
#[derive(Debug, Default)]
pub struct ContextChanges {
    any: bool,
    /// Whether there are events that may change the contexts of all runs.
    of_all: bool,
    /// The sessions in which something happened.
    sessions: Vec<Uuid>,
}

impl ContextChanges {
    /// Adds events.
    pub fn add(&mut self, events: &[Event]) {
        self.any |= !events.is_empty();
        for event in events {
            self.of_all |= !concerns_one(event);
            // What belongs together follows one another.
            if let Some(id) = event.correlation
                && self.sessions.last() != Some(&id)
            {
                self.sessions.push(id);
            }
        }
    }

    /// Whether a context may have been another before these events.
    pub fn may_change(&self, scope: ContextScope) -> bool {
        match scope {
            ContextScope::World => self.any,
            ContextScope::Steps => self.of_all,
            ContextScope::Session(id) => self.of_all || self.sessions.contains(&id),
        }
    }
}

/// Whether an event changes at most the contexts of the session that it belongs to, its correlation.
fn concerns_one(event: &Event) -> bool {
    event.event_type.built_in().is_some_and(|kind| {
        matches!(
            kind,
            FactKind::ActionRequested
                | FactKind::ActionStarted
                | FactKind::ActionCompleted
                | FactKind::ActionFailed
                | FactKind::ActionCancelled
                | FactKind::InteractionRequested
                | FactKind::InteractionAccepted
                | FactKind::InteractionProgressed
                | FactKind::InteractionEnded
                | FactKind::InteractionReturned
                | FactKind::BehaviourTransitioned
                | FactKind::BehaviourWaiting
                | FactKind::BehaviourChanged
                | FactKind::StreamAppended
                | FactKind::SessionStarted
                | FactKind::SessionChanged
                | FactKind::SessionInterrupted
                | FactKind::SessionEnded
                | FactKind::FlowEvent
                | FactKind::FlowPassed
        )
    })
}
