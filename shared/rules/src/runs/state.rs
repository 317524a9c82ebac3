//! The open runs of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use contract::{ActionName, EntityId, Purpose, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::serial::SerialRuns;

/// The runs that have not ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Runs {
    open: BTreeMap<RunId, OpenRun>,
    /// Those of entities that were removed. Empty between commits, unless there are more than one commit
    /// takes.
    orphaned: BTreeSet<RunId>,
    /// The order of the runs of abilities.
    #[serde(default, skip_serializing_if = "SerialRuns::is_empty")]
    serial: SerialRuns,
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
    /// Whether it may overlap with other runs of its entity's abilities.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) concurrent: bool,
    /// Whether it waits for runs of its entity's abilities before it. It has no deadline until it begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) queued: bool,
}

impl OpenRun {
    /// Whether it is a run of an ability that overlaps with no other of its entity.
    pub(super) fn is_serial(&self) -> bool {
        matches!(self.purpose, Purpose::Ability { .. }) && !self.concurrent
    }
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

    pub(super) fn serial(&self) -> &SerialRuns {
        &self.serial
    }

    pub(super) fn insert(&mut self, id: RunId, run: OpenRun) {
        if run.is_serial() {
            self.serial.insert(&run.entity, id, run.queued);
        }
        self.open.insert(id, run);
    }

    /// A run that was queued begins. Returns whether it was queued.
    pub(super) fn start(&mut self, id: RunId, deadline: Timestamp) -> bool {
        let Some(run) = self.open.get_mut(&id).filter(|run| run.queued) else {
            return false;
        };
        run.queued = false;
        run.deadline = deadline;
        self.serial.start(&run.entity, id);
        true
    }

    pub(super) fn remove(&mut self, id: RunId) -> Option<OpenRun> {
        let run = self.open.remove(&id)?;
        self.orphaned.remove(&id);
        if run.is_serial() {
            self.serial.remove(&run.entity, id);
        }
        Some(run)
    }

    pub(super) fn orphan(&mut self, entity: &EntityId) {
        let runs: Vec<RunId> = self.of_entity(entity).map(|(id, _)| id).collect();
        self.orphaned.extend(runs);
    }
}
