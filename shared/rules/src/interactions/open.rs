//! An interaction that is open.

use std::collections::BTreeMap;

use contract::interaction::{InteractionOutput, InteractionRequested, TargetStatus};
use contract::{EntityId, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An interaction that a target has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpenInteraction {
    pub(crate) requester: EntityId,
    pub(crate) requested_at: Timestamp,
    pub(crate) request: InteractionRequested,
    /// Its place among all requests: the order in which they wait.
    pub(super) number: u64,
    pub(super) targets: BTreeMap<EntityId, Progress>,
    /// How many targets have not ended it.
    pub(super) open_targets: usize,
}

/// How far a target is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) status: TargetStatus,
    pub(crate) steps_done: u32,
    /// How often it was tried and failed.
    pub(crate) attempts: u32,
    /// The run that does steps of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<RunId>,
    /// How its last run failed, until that is dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<RunFailure>,
    /// What its action is given, when that is not what was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<Box<RawValue>>,
    /// The state of its behaviour once it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) output: Vec<InteractionOutput>,
    /// The output of its last run, for the agent that called it as an ability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<TargetEnd>,
}

/// How a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunFailure {
    pub(super) code: String,
    pub(super) detail: String,
}

/// Why a target ended it, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetEnd {
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
}

impl Progress {
    pub(super) const fn waiting() -> Self {
        Self {
            status: TargetStatus::Waiting,
            steps_done: 0,
            attempts: 0,
            run: None,
            failure: None,
            arguments: None,
            state: None,
            output: Vec::new(),
            answer: None,
            ended: None,
        }
    }

    /// The run that does steps of it.
    pub(crate) fn run(&self) -> Option<RunId> {
        self.run
    }

    pub(super) const fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

impl OpenInteraction {
    /// Its place among all requests.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// How far a target is.
    pub(crate) fn progress(&self, target: &EntityId) -> Option<&Progress> {
        self.targets.get(target)
    }

    /// Whether a target has not ended it.
    pub(crate) fn is_open_for(&self, target: &EntityId) -> bool {
        self.open_progress(target).is_some()
    }

    /// How far a target is that has not ended it.
    pub(super) fn open_progress(&self, target: &EntityId) -> Option<&Progress> {
        self.targets
            .get(target)
            .filter(|progress| progress.is_open())
    }

    /// The targets that have not ended it, by id.
    pub(super) fn open_targets(&self) -> impl Iterator<Item = (&EntityId, &Progress)> {
        self.targets
            .iter()
            .filter(|(_, progress)| progress.is_open())
    }
}
