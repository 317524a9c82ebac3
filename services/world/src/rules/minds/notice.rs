//! What an agent takes note of.

use std::collections::BTreeMap;

use contract::ability::Trigger;
use contract::mind::Noticed;
use contract::{EntityId, Event};
use serde_json::Value;

/// What stands for the agent's own id in what it takes note of.
const ME: &str = "{agent}";

/// Whether an agent hears an event: it is for it, or for everyone, or its own.
pub(in crate::rules) fn hears(me: &EntityId, event: &Event) -> bool {
    let is_for = |target: &contract::Target| target.names(me);
    event.sender == *me || event.target.as_ref().is_none_or(is_for)
}

/// Whether an event that an agent hears is of those that could wake it: what it says itself does not,
/// unless it says it to itself.
pub(in crate::rules) fn could_wake(me: &EntityId, event: &Event) -> bool {
    let is_to_itself = || event.target.as_ref().is_some_and(|target| target.names(me));
    event.sender != *me || is_to_itself()
}

/// Whether an event is one of these.
pub(in crate::rules) fn is_one_of(noticed: &[Noticed], me: &EntityId, event: &Event) -> bool {
    noticed.iter().any(|noticed| {
        let is_type = match &noticed.event_type {
            Trigger::Any => true,
            Trigger::Type(event_type) => *event_type == event.event_type,
        };
        is_type && holds(&noticed.fields, me, event)
    })
}

fn holds(fields: &BTreeMap<String, Value>, me: &EntityId, event: &Event) -> bool {
    if fields.is_empty() {
        return true;
    }
    let data: Option<BTreeMap<String, Value>> = serde_json::from_str(event.data.get()).ok();
    let Some(data) = data else { return false };
    fields.iter().all(|(name, wanted)| {
        let found = data.get(name);
        match wanted {
            Value::String(text) if text == ME => found.and_then(Value::as_str) == Some(me.as_str()),
            wanted => found == Some(wanted),
        }
    })
}
