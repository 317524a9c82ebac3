//! The payloads of the events of behaviours.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::custom_action::CustomAction;
use super::definition::Definition;
use super::view::{LinkState, Playlist};
use crate::id::{CommandId, EntityId, InteractionId};
use crate::stream::StreamRef;
use crate::timestamp::Timestamp;

/// See [`Fact::BehaviourSet`](crate::Fact::BehaviourSet). The machine begins in its initial state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BehaviourSet {
    /// Whose behaviour it is.
    pub entity: EntityId,
    /// The behaviour as it was given.
    pub definition: Definition,
    /// How often the entity's behaviour was replaced before.
    pub revision: u64,
    /// The custom actions that the world declared when it was checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<CustomAction>,
}

/// See [`Fact::BehaviourRemoved`](crate::Fact::BehaviourRemoved).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourRemoved {
    /// Whose behaviour it was.
    pub entity: EntityId,
}

/// See [`Fact::BehaviourPaused`](crate::Fact::BehaviourPaused).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourPaused {
    /// Whose machine makes no transitions from now on.
    pub entity: EntityId,
    /// Why, when the world itself paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// See [`Fact::BehaviourResumed`](crate::Fact::BehaviourResumed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourResumed {
    /// Whose machine makes transitions again.
    pub entity: EntityId,
    /// Whether it makes one transition only, and is paused again then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// See [`Fact::BehaviourTransitioned`](crate::Fact::BehaviourTransitioned). The event's sender is the
/// entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourTransitioned {
    /// Whose behaviour it is.
    pub entity: EntityId,
    /// The state that it leaves.
    pub from: String,
    /// The place of the transition among those of the state.
    pub transition: u32,
    /// The action that was done.
    pub action: String,
    /// The state that it enters: it may be the same.
    pub to: String,
    /// Whether the action has failed for good: `to` is where the transition goes then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The request that the action has served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
    /// How many transitions the machine has made, this one included, since something outside of the
    /// world's machines was the cause of one.
    pub hops: u32,
    /// What people are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// See [`Fact::BehaviourWaiting`](crate::Fact::BehaviourWaiting). The event's sender is the entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourWaiting {
    /// Whose behaviour it is.
    pub entity: EntityId,
    /// The place of the transition among those of the state.
    pub transition: u32,
    /// The request that it has sent, whose end it waits for. Without one it waits for its action to
    /// succeed: it is tried again, before any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
    /// Whether it does not wait any more: the action was false, and other transitions may be made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

/// See [`Fact::BehaviourDelayEnded`](crate::Fact::BehaviourDelayEnded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourDelayEnded {
    /// Whose machine has waited for it.
    pub entity: EntityId,
}

/// See [`Fact::BehaviourDeferred`](crate::Fact::BehaviourDeferred).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourDeferred {
    /// The entities whose machines go on with the next commit; those of an earlier event of this type do
    /// not any more.
    pub entities: BTreeSet<EntityId>,
}

/// See [`Fact::BehaviourChanged`](crate::Fact::BehaviourChanged): what an action has changed of what the
/// entity knows. What is absent stays. The event's sender is the entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryChange {
    /// The agents that were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<BTreeSet<EntityId>>,
    /// Its partners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engaged: Option<BTreeSet<EntityId>>,
    /// The agents that passed the last comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_cmp: Option<BTreeSet<EntityId>>,
    /// The results of the last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<BTreeMap<EntityId, f64>>,
    /// The playlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playlist: Option<Playlist>,
    /// Its links that are new or changed, and `null` for those that were dropped. The other entity's
    /// link changes in the same way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<EntityId, Option<LinkState>>,
    /// The streams that it subscribes to, with the position of the next sample; `null` for those that it
    /// does not any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subscriptions: BTreeMap<StreamRef, Option<u64>>,
    /// The number of the last recorded stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<u64>,
    /// Whether it was changed by the action of the present state of its machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_state_action: bool,
    /// When the action of the present state of its machine is to be done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<Timestamp>,
    /// The built-in action that the entity used by a command, and whether it was true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<UsedAction>,
}

/// A built-in action that an entity used by a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedAction {
    /// The command.
    pub command: CommandId,
    /// Its name.
    pub action: String,
    /// Whether it was true; of a run, whether it has begun.
    pub result: bool,
    /// The request of the entity to itself in which a worker does it, when it is a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
}
