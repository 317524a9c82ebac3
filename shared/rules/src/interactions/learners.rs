//! What the processors of entities have learned, and which run goes on with it.

use std::collections::BTreeMap;

use contract::{EntityId, RunId};
use serde::{Deserialize, Serialize};

/// The entities whose processors have learned, or learn now.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Learners(BTreeMap<EntityId, Learner>);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Learner {
    /// The version of its weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    /// The run that learns now. There is no second one: each goes on from the weights of the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
}

impl Learners {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The version of the weights of an entity's processor.
    pub(super) fn weights(&self, entity: &EntityId) -> Option<&String> {
        self.0.get(entity)?.weights.as_ref()
    }

    /// The versions of the weights of all processors.
    pub(super) fn versions(&self) -> impl Iterator<Item = &String> {
        self.0
            .values()
            .filter_map(|learner| learner.weights.as_ref())
    }

    /// Whether a run of the entity learns now.
    pub(super) fn is_busy(&self, entity: &EntityId) -> bool {
        self.0
            .get(entity)
            .is_some_and(|learner| learner.run.is_some())
    }

    pub(super) fn begin(&mut self, entity: &EntityId, run: RunId) {
        self.0.entry(entity.clone()).or_default().run = Some(run);
    }

    /// A run has ended; whether it was the one that learned.
    pub(super) fn end(&mut self, entity: &EntityId, run: RunId) -> bool {
        let Some(learner) = self.0.get_mut(entity) else {
            return false;
        };
        if learner.run != Some(run) {
            return false;
        }
        learner.run = None;
        if learner.weights.is_none() {
            self.0.remove(entity);
        }
        true
    }

    pub(super) fn set_weights(&mut self, entity: &EntityId, weights: &str) {
        let learner = self.0.entry(entity.clone()).or_default();
        learner.weights = Some(weights.to_owned());
    }

    pub(super) fn remove(&mut self, entity: &EntityId) {
        self.0.remove(entity);
    }
}
