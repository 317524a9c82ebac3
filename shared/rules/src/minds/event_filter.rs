//! Which events concern an agent with a mind.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use contract::ability::Trigger;
use contract::mind::EventMatcher;
use contract::{EntityId, Event};
use serde_json::Value;

/// What stands for the agent's own id in a matcher.
const ME: &str = "{agent}";

/// A custom event, whose payload is read once, if a matcher wants to know.
pub(super) struct FilteredEvent<'a> {
    event: &'a Event,
    fields: OnceCell<Option<BTreeMap<String, Value>>>,
}

impl<'a> FilteredEvent<'a> {
    pub(super) fn new(event: &'a Event) -> Self {
        Self {
            event,
            fields: OnceCell::new(),
        }
    }

    /// Whether an agent gets it: it is for the agent, or for everyone, or its own.
    pub(super) fn is_for(&self, me: &EntityId) -> bool {
        let names_me = |target: &contract::Target| target.names(me);
        self.event.sender == *me || self.event.target.as_ref().is_none_or(names_me)
    }

    /// Whether it wakes an agent that it is for: what an agent sends itself does not, unless it sends it
    /// to itself.
    pub(super) fn wakes(&self, me: &EntityId, wakes_on: &[EventMatcher]) -> bool {
        let target = self.event.target.as_ref();
        let is_to_me = || target.is_some_and(|target| target.names(me));
        (self.event.sender != *me || is_to_me()) && self.matches(wakes_on, me)
    }

    /// Whether one of the matchers fits.
    pub(super) fn matches(&self, matchers: &[EventMatcher], me: &EntityId) -> bool {
        matchers.iter().any(|matcher| {
            let is_type = match &matcher.event_type {
                Trigger::Any => true,
                Trigger::Type(event_type) => *event_type == self.event.event_type,
            };
            is_type && self.has_fields(&matcher.fields, me)
        })
    }

    fn has_fields(&self, wanted: &BTreeMap<String, Value>, me: &EntityId) -> bool {
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
