//! The open runs of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use contract::{ActionName, EntityId, Purpose, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The runs that have not ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Runs {
    open: BTreeMap<RunId, OpenRun>,
    /// Those of entities that were removed. Empty between commits, unless there are more than one commit
    /// takes.
    orphaned: BTreeSet<RunId>,
}

/// A run that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpenRun {
    pub(crate) action: ActionName,
    pub(crate) entity: EntityId,
    pub(crate) deadline: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<Box<RawValue>>,
    pub(crate) purpose: Purpose,
    /// What everything of the conversation or request shares that requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) correlation: Option<Uuid>,
    /// How many runs led to it.
    pub(crate) depth: u32,
}

impl Runs {
    pub(crate) fn get(&self, id: RunId) -> Option<&OpenRun> {
        self.open.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// All of them, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RunId, &OpenRun)> {
        self.open.iter().map(|(id, run)| (*id, run))
    }

    /// Those behind `after`, or all of them, by id.
    pub(crate) fn after(&self, after: Option<RunId>) -> impl Iterator<Item = (RunId, &OpenRun)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.open.range((start, Bound::Unbounded));
        range.map(|(id, run)| (*id, run))
    }

    /// Those of an entity.
    pub(crate) fn of_entity(&self, entity: &EntityId) -> impl Iterator<Item = (RunId, &OpenRun)> {
        self.iter().filter(move |(_, run)| run.entity == *entity)
    }

    /// Runs of entities that were removed.
    pub(crate) fn orphaned(&self) -> impl ExactSizeIterator<Item = RunId> {
        self.orphaned.iter().copied()
    }

    pub(super) fn is_orphaned(&self, id: RunId) -> bool {
        self.orphaned.contains(&id)
    }

    pub(super) fn insert(&mut self, id: RunId, run: OpenRun) {
        self.open.insert(id, run);
    }

    pub(super) fn remove(&mut self, id: RunId) -> Option<OpenRun> {
        let run = self.open.remove(&id)?;
        self.orphaned.remove(&id);
        Some(run)
    }

    pub(super) fn orphan(&mut self, entity: &EntityId) {
        let runs: Vec<RunId> = self.of_entity(entity).map(|(id, _)| id).collect();
        self.orphaned.extend(runs);
    }
}
