//! Changes of what an entity knows, and arguments, on their way into the log.

use contract::behaviour::MemoryChange;
use contract::{EntityId, Fact, Rejection};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::decider::{Decider, EventHeader};
use crate::rejection::invalid;

/// Arguments as JSON.
pub(super) fn raw(arguments: &Map<String, Value>) -> Result<Box<RawValue>, Rejection> {
    to_raw_value(arguments).map_err(|error| invalid("arguments", error.to_string()))
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
