//! What is reported to a world.

use std::collections::HashMap;

use contract::EntityId;

/// The most entities of each list: a world takes no more in one command.
const ENTITIES_MAX: usize = 1000;

/// The connections of one entity.
#[derive(Default)]
pub(super) struct Connections {
    pub(super) open: usize,
    /// Whether the world knows that there are some.
    pub(super) is_reported: bool,
}

impl Connections {
    /// Whether the world knows it otherwise.
    pub(super) fn has_changed(&self) -> bool {
        self.is_reported != (self.open > 0)
    }
}

/// What is reported to a world at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) connected: Vec<EntityId>,
    pub(super) disconnected: Vec<EntityId>,
}

impl Report {
    /// What has changed, as much as one report may have.
    pub(super) fn of(entities: &HashMap<EntityId, Connections>) -> Self {
        let mut report = Self::default();
        for (entity, connections) in entities {
            let list = match connections.is_reported {
                false => &mut report.connected,
                true => &mut report.disconnected,
            };
            if connections.has_changed() && list.len() < ENTITIES_MAX {
                list.push(entity.clone());
            }
        }
        report
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connected.is_empty() && self.disconnected.is_empty()
    }
}
