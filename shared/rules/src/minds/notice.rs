//! What an agent takes note of.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use contract::ability::Trigger;
use contract::mind::EventMatcher;
use contract::{EntityId, Event};
use serde_json::Value;

/// What stands for the agent's own id in what it takes note of.
const ME: &str = "{agent}";

/// An event that happened, as agents hear it. Its payload is read once, if anybody wants to know.
pub(crate) struct Heard<'a> {
    event: &'a Event,
    fields: OnceCell<Option<BTreeMap<String, Value>>>,
}

impl<'a> Heard<'a> {
    pub(crate) fn new(event: &'a Event) -> Self {
        Self {
            event,
            fields: OnceCell::new(),
        }
    }

    /// Whether an agent hears it: it is for it, or for everyone, or its own.
    pub(crate) fn is_for(&self, me: &EntityId) -> bool {
        let names_me = |target: &contract::Target| target.names(me);
        self.event.sender == *me || self.event.target.as_ref().is_none_or(names_me)
    }

    /// Whether it wakes an agent that it is for: what an agent says itself does not, unless it says it
    /// to itself.
    pub(crate) fn wakes(&self, me: &EntityId, wakes_on: &[EventMatcher]) -> bool {
        let target = self.event.target.as_ref();
        let is_to_me = || target.is_some_and(|target| target.names(me));
        (self.event.sender != *me || is_to_me()) && self.is_one_of(wakes_on, me)
    }

    /// Whether it is one of these.
    pub(crate) fn is_one_of(&self, noticed: &[EventMatcher], me: &EntityId) -> bool {
        noticed.iter().any(|noticed| {
            let is_type = match &noticed.event_type {
                Trigger::Any => true,
                Trigger::Type(event_type) => *event_type == self.event.event_type,
            };
            is_type && self.holds(&noticed.fields, me)
        })
    }

    fn holds(&self, wanted: &BTreeMap<String, Value>, me: &EntityId) -> bool {
        if wanted.is_empty() {
            return true;
        }
        let read = || serde_json::from_str(self.event.data.get()).ok();
        let Some(found) = self.fields.get_or_init(read) else {
            return false;
        };
        wanted.iter().all(|(name, wanted)| {
            let found = found.get(name);
            match wanted {
                Value::String(text) if text == ME => {
                    found.and_then(Value::as_str) == Some(me.as_str())
                }
                wanted => found == Some(wanted),
            }
        })
    }
}
