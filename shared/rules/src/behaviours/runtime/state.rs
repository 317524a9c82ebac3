//! The machines of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::behaviour::{CustomAction, Definition};
use contract::interaction::InteractionEnded;
use contract::{ActionName, EntityId, InteractionId, StreamRef};
use serde::{Deserialize, Serialize};

use super::definitions::{Compiled, Definitions};
use super::memory::Memory;
use super::progress::Progress;
use super::readers::Readers;

/// The machines of a world, and what its entities know of each other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Behaviours {
    pub(super) definitions: Definitions,
    pub(super) machines: BTreeMap<EntityId, Progress>,
    pub(super) memories: BTreeMap<EntityId, Memory>,
    /// The custom actions of workers that were declared here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) declared: BTreeMap<ActionName, CustomAction>,
    /// The callbacks that have to be run, by requester.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) callbacks: BTreeMap<EntityId, BTreeMap<InteractionId, Callback>>,
    /// How interactions with a callback have ended for those targets that have ended them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) outcomes: BTreeMap<InteractionId, Vec<InteractionEnded>>,
    #[serde(default)]
    pub(super) readers: Readers,
    /// The machines that go on with the next commit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) deferred: BTreeSet<EntityId>,
    /// The machines for which a transition may be possible. Empty between commits.
    #[serde(skip)]
    pub(super) pending: BTreeSet<EntityId>,
}

/// A callback that has to be run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Callback {
    pub(super) callback: ActionName,
    /// What was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<ActionName>,
    pub(super) outcomes: Vec<InteractionEnded>,
}

impl Behaviours {
    pub(crate) fn is_empty(&self) -> bool {
        self.machines.is_empty() && self.memories.is_empty() && self.declared.is_empty()
    }

    pub(crate) fn get(&self, entity: &EntityId) -> Option<&Progress> {
        self.machines.get(entity)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&EntityId, &Progress)> {
        self.machines.iter()
    }

    pub(crate) fn contains(&self, entity: &EntityId) -> bool {
        self.machines.contains_key(entity)
    }

    pub(crate) fn memory(&self, entity: &EntityId) -> Option<&Memory> {
        self.memories.get(entity)
    }

    pub(super) fn memory_mut(&mut self, entity: &EntityId) -> &mut Memory {
        self.memories.entry(entity.clone()).or_default()
    }

    /// The definition of a machine.
    pub(crate) fn definition(&self, progress: &Progress) -> Option<&Definition> {
        self.definitions.definition(progress.definition)
    }

    /// The machine of an entity.
    pub(super) fn compiled(&self, entity: &EntityId) -> Option<&Arc<Compiled>> {
        let progress = self.machines.get(entity)?;
        self.definitions.compiled(progress.definition)
    }

    /// Whether machines go on with the next commit.
    pub(crate) fn has_work(&self) -> bool {
        !self.deferred.is_empty() || self.readers.has_connecting()
    }

    /// The machines that go on with this commit.
    pub(super) fn deferred(&self) -> &BTreeSet<EntityId> {
        &self.deferred
    }

    pub(super) fn set_pending(&mut self, entity: &EntityId) {
        if self.machines.contains_key(entity) {
            self.pending.insert(entity.clone());
        }
    }

    /// All machines are looked at again.
    pub(super) fn set_all_pending(&mut self) {
        self.pending.extend(self.machines.keys().cloned());
    }

    /// No machine is looked at in this step.
    pub(crate) fn forget_pending(&mut self) {
        self.pending.clear();
    }

    /// What is between commits: nothing is pending.
    pub(crate) fn seal(&mut self) {
        self.pending.clear();
    }

    /// The entities that read a stream by themselves.
    pub(super) fn readers_of(&self, stream: &StreamRef) -> Vec<EntityId> {
        self.readers.readers_of(stream)
    }
}
