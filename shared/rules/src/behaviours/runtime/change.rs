//! Changes of what an entity knows, and arguments, on their way into the log.

use contract::behaviour::{MemoryChange, Playlist};
use contract::{EntityId, Fact, Rejection};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::decider::{Decider, EventHeader};
use crate::rejection::invalid;
use crate::world::World;

/// Arguments as JSON.
pub(super) fn raw(arguments: &Map<String, Value>) -> Result<Box<RawValue>, Rejection> {
    to_raw_value(arguments).map_err(|error| invalid("arguments", error.to_string()))
}

/// An entity begins with the behaviour of another role: whom it knew and what it had compared in the old one
/// is not part of it. Its links, subscriptions and recordings stay.
pub(super) fn push_new_role(
    world: &World,
    entity: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(memory) = world.behaviours.memory(entity) else {
        return Ok(());
    };
    let change = MemoryChange {
        found: (!memory.found.is_empty()).then(Default::default),
        engaged: (!memory.engaged.is_empty()).then(Default::default),
        valid_cmp: (!memory.valid_cmp.is_empty()).then(Default::default),
        evaluation: (!memory.evaluation.is_empty()).then(Default::default),
        playlist: (memory.playlist != Playlist::default()).then(Playlist::default),
        ..MemoryChange::default()
    };
    push_change(entity, change, decider)
}

/// What an action has changed of what an entity knows, if it has.
pub(super) fn push_change(
    entity: &EntityId,
    change: MemoryChange,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if change == MemoryChange::default() {
        return Ok(());
    }
    let header = EventHeader::sent_by(entity);
    decider.push_with(Fact::BehaviourChanged(change), header)
}
