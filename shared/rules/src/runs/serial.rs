//! The order of the runs of abilities: those of one entity are serial.
//!
//! The purpose alone decides which runs these are. An answer, a call of an MCP tool, a decision of a mind, a step
//! of an interaction and a node of a flow have an order of their own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::{EntityId, RunId};
use serde::{Deserialize, Serialize};

/// The open runs of abilities that are not concurrent, by entity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct SerialRuns {
    entities: BTreeMap<EntityId, EntityRuns>,
    /// Entities whose next run may begin, in the order in which that became so: none of them waits for ever
    /// when a commit has no room for all.
    due: VecDeque<EntityId>,
}

/// Those of one entity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct EntityRuns {
    /// Those that have begun: one, or several that an earlier version has begun at once.
    started: BTreeSet<RunId>,
    /// Those that have not, in the order of their events.
    queued: VecDeque<RunId>,
}

impl SerialRuns {
    pub(super) fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Whether an entity has such runs, begun or queued.
    pub(super) fn is_busy(&self, entity: &EntityId) -> bool {
        self.entities.contains_key(entity)
    }

    /// How many runs of an entity are queued.
    pub(super) fn queued(&self, entity: &EntityId) -> usize {
        let runs = self.entities.get(entity);
        runs.map_or(0, |runs| runs.queued.len())
    }

    /// The runs that may begin, one of an entity.
    pub(super) fn due(&self) -> impl ExactSizeIterator<Item = Option<RunId>> {
        self.due.iter().map(|entity| {
            let runs = self.entities.get(entity);
            runs.and_then(|runs| runs.queued.front().copied())
        })
    }

    pub(super) fn insert(&mut self, entity: &EntityId, run: RunId, queued: bool) {
        let runs = self.entities.entry(entity.clone()).or_default();
        if queued {
            runs.queued.push_back(run);
        } else {
            runs.started.insert(run);
        }
        self.update(entity);
    }

    pub(super) fn start(&mut self, entity: &EntityId, run: RunId) {
        if let Some(runs) = self.entities.get_mut(entity) {
            runs.dequeue(run);
            runs.started.insert(run);
        }
        self.update(entity);
    }

    pub(super) fn remove(&mut self, entity: &EntityId, run: RunId) {
        if let Some(runs) = self.entities.get_mut(entity)
            && !runs.started.remove(&run)
        {
            runs.dequeue(run);
        }
        self.update(entity);
    }

    /// Something has changed about an entity: it is due, or not any more, or has no such runs.
    fn update(&mut self, entity: &EntityId) {
        let Some(runs) = self.entities.get(entity) else {
            return;
        };
        let is_due = runs.started.is_empty() && !runs.queued.is_empty();
        if runs.started.is_empty() && runs.queued.is_empty() {
            self.entities.remove(entity);
        }
        let was_due = self.due.contains(entity);
        if is_due && !was_due {
            self.due.push_back(entity.clone());
        } else if was_due && !is_due {
            self.due.retain(|other| other != entity);
        }
    }
}

impl EntityRuns {
    fn dequeue(&mut self, run: RunId) {
        // What begins or is cancelled is mostly at the front.
        if let Some(index) = self.queued.iter().position(|other| *other == run) {
            self.queued.remove(index);
        }
    }
}
