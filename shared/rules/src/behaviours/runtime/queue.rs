//! The requests of others that wait for a machine.

use std::collections::BTreeMap;

use contract::{InteractionId, Timestamp};
use serde::{Deserialize, Serialize};

/// The requests that wait: of each action, in the order in which they are tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queue {
    by_action: BTreeMap<String, BTreeMap<u64, InteractionId>>,
    places: BTreeMap<InteractionId, (String, u64)>,
    /// Those that no transition will ever serve, with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    refused: BTreeMap<InteractionId, Refusal>,
    /// Those that could not be done yet, and when they are tried again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    held: BTreeMap<InteractionId, Timestamp>,
    next: u64,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    /// A word for programs.
    pub(super) word: String,
    /// A sentence for people.
    pub(super) detail: String,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.refused.is_empty()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Those that request an action, the next one first.
    pub(super) fn of(&self, action: &str) -> impl Iterator<Item = InteractionId> {
        let requests = self.by_action.get(action).into_iter();
        requests.flat_map(BTreeMap::values).copied()
    }

    /// Whether one may be tried now.
    pub(super) fn is_due(&self, id: InteractionId, now: Timestamp) -> bool {
        self.held.get(&id).is_none_or(|at| *at <= now)
    }

    /// When those that could not be done are tried again.
    pub(super) fn held_until(&self) -> impl Iterator<Item = Timestamp> {
        self.held.values().copied()
    }

    /// Lets those be tried again at once that could not be done.
    pub(super) fn release_held(&mut self) {
        self.held.clear();
    }

    /// One could not be done: it goes behind all others, and is not tried before that time.
    pub(super) fn hold(&mut self, action: &str, id: InteractionId, until: Timestamp) {
        self.push(action, id);
        self.held.insert(id, until);
    }

    /// One that is refused.
    pub(super) fn first_refused(&self) -> Option<(InteractionId, &Refusal)> {
        let (id, refusal) = self.refused.first_key_value()?;
        Some((*id, refusal))
    }

    /// Adds a request behind all others.
    pub(super) fn push(&mut self, action: &str, id: InteractionId) {
        self.remove(id);
        let place = self.next;
        self.next += 1;
        let requests = self.by_action.entry(action.to_owned()).or_default();
        requests.insert(place, id);
        self.places.insert(id, (action.to_owned(), place));
    }

    pub(super) fn refuse(&mut self, id: InteractionId, refusal: Refusal) {
        self.remove(id);
        self.refused.insert(id, refusal);
    }

    pub(super) fn remove(&mut self, id: InteractionId) {
        self.refused.remove(&id);
        self.held.remove(&id);
        let Some((action, place)) = self.places.remove(&id) else {
            return;
        };
        if let Some(requests) = self.by_action.get_mut(&action) {
            requests.remove(&place);
            if requests.is_empty() {
                self.by_action.remove(&action);
            }
        }
    }
}
