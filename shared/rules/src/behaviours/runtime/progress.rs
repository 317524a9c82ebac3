//! Where a machine is.

use std::collections::{BTreeMap, BTreeSet};

use contract::interaction::EndStatus;
use contract::{ChatId, InteractionId, RunId, Timestamp};
use serde::{Deserialize, Serialize};

use super::definitions::DefinitionId;
use super::queue::Queue;

/// Where the machine of an entity is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(super) definition: DefinitionId,
    pub(crate) revision: u64,
    /// The name of its state: of the same definition a later build may number the states differently.
    pub(crate) state: String,
    pub(crate) since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) busy: Option<Busy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pause: Option<Pause>,
    /// It is paused again after the next transition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) steps_once: bool,
    /// Whether the action of the state was done since the state was entered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) state_action_done: bool,
    /// When the action of the state is to be done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) again_at: Option<Timestamp>,
    /// How many transitions it made since something outside of machines was the cause of one.
    #[serde(default)]
    pub(super) hops: u32,
    /// The number of the last request that was there when the count of `hops` began.
    #[serde(default)]
    pub(super) chain_start: u64,
    /// How many transitions of high priority it made one after the other.
    #[serde(default)]
    pub(super) urgent: u32,
    /// The transitions that led back to this state without waiting: not made again until something has
    /// changed that their action reads.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) looped: BTreeSet<u32>,
    /// The transitions whose time for retries has passed since the state was entered.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) expired: BTreeSet<u32>,
    /// Actions of this state whose run was false: when they are tried again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) retries: BTreeMap<u32, Retry>,
    /// The requests that transitions have sent and whose end they have not seen, by state and place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sent: BTreeMap<String, BTreeMap<u32, Sent>>,
    /// The requests of others.
    #[serde(default, skip_serializing_if = "Queue::is_empty")]
    pub(crate) queue: Queue,
    /// When its next wait for a time ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alarm: Option<Timestamp>,
    #[serde(default)]
    pub(crate) statistics: Statistics,
}

/// An action that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Busy {
    /// The place of its transition; none for the action of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) transition: Option<u32>,
    pub(crate) since: Timestamp,
    pub(super) wait: Wait,
}

/// What an action that has begun waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wait {
    /// The end of a request that it serves: of another entity, or of its own.
    Served {
        interaction: InteractionId,
        /// Whether the entity requested it of itself.
        own: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<EndStatus>,
    },
    /// The end of the request that the transition has sent.
    Sent,
    /// A success: it is tried again.
    Success,
    /// The end of its entity's answer in a chat, or in a session of a flow.
    Answer {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat: Option<ChatId>,
        /// The run, when it answers for a node of a flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Whether the last run of it was completed.
        is_done: bool,
    },
}

/// A request that a transition has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) interaction: InteractionId,
    /// Whether it was done by at least one target, once all have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) success: Option<bool>,
}

/// A run that was false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retry {
    /// The first attempt.
    pub(super) since: Timestamp,
    pub(super) attempts: u32,
    /// The next attempt, unless something that it reads changes before.
    pub(super) at: Timestamp,
}

/// Why a machine makes no transitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// What a machine has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Statistics {
    /// For how long it was in each state, in milliseconds, the present stay aside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) state_ms: BTreeMap<String, u64>,
    /// How often each action was completed, and how often it failed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) actions: BTreeMap<String, (u64, u64)>,
}

impl Progress {
    pub(super) fn new(
        definition: DefinitionId,
        revision: u64,
        initial: String,
        at: Timestamp,
    ) -> Self {
        Self {
            definition,
            revision,
            state: initial,
            since: at,
            busy: None,
            pause: None,
            steps_once: false,
            state_action_done: false,
            again_at: None,
            hops: 0,
            chain_start: 0,
            urgent: 0,
            looped: BTreeSet::new(),
            expired: BTreeSet::new(),
            retries: BTreeMap::new(),
            sent: BTreeMap::new(),
            queue: Queue::default(),
            alarm: None,
            statistics: Statistics::default(),
        }
    }

    /// The request that a transition of the present state has sent and not seen the end of.
    pub(super) fn sent_by(&self, transition: u32) -> Option<Sent> {
        self.sent.get(&self.state)?.get(&transition).copied()
    }
}
