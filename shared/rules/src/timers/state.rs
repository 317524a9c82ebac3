//! The timers of a world, as the log adds them up.

use std::collections::BTreeMap;

use contract::chat::ChatText;
use contract::{EntityId, NewEvent, TimerId, Timestamp};
use serde::{Deserialize, Serialize};

/// The timers that have not fired.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Timers {
    by_id: BTreeMap<TimerId, Timer>,
}

/// A timer that has not fired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) due: Timestamp,
    pub(crate) owner: EntityId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) repeat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<NewEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<ChatText>,
}

impl Timers {
    pub(crate) fn get(&self, id: &TimerId) -> Option<&Timer> {
        self.by_id.get(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All of them, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&TimerId, &Timer)> {
        self.by_id.iter()
    }

    pub(super) fn insert(&mut self, id: TimerId, timer: Timer) {
        self.by_id.insert(id, timer);
    }

    pub(super) fn remove(&mut self, id: &TimerId) -> Option<Timer> {
        self.by_id.remove(id)
    }
}
