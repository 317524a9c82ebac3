//! What events change about flows.

use contract::Fact;

use crate::world::World;

/// Applies an event.
pub(crate) fn apply(world: &mut World, fact: &Fact) {
    match fact {
        Fact::FlowDeclared(declared) => {
            let spec = declared.spec.clone();
            world.flows.declare(&declared.flow, declared.revision, spec);
        }
        Fact::FlowRemoved(removed) => world.flows.remove(&removed.flow),
        Fact::SessionStarted(started) => {
            world.flows.session_started(&started.flow, started.revision);
        }
        Fact::SessionEnded(ended) => {
            world.flows.session_ended(&ended.flow, ended.revision);
        }
        _ => {}
    }
}
