//! What an entity knows of others: what built-in actions read and change.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::behaviour::{LinkState, MemoryChange, Playlist, UsedAction};
use contract::interaction::{EndStatus, InteractionEnded, InteractionOutput};
use contract::{EntityId, InteractionId, StreamRef};
use serde::{Deserialize, Serialize};

/// The most uses of actions whose results are kept: as many as one run may make that is tried again.
const USED_MAX: usize = 256;

/// What an entity knows of others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) found: BTreeSet<EntityId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) engaged: BTreeSet<EntityId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) valid_cmp: BTreeSet<EntityId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) evaluation: BTreeMap<EntityId, f64>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub(crate) playlist: Playlist,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) links: BTreeMap<EntityId, LinkState>,
    /// Agents that it was involved with, and which have left since its machine entered its state.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) left: BTreeSet<EntityId>,
    /// The position of the next sample of each stream that it subscribes to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) subscriptions: BTreeMap<StreamRef, u64>,
    /// How many streams it has recorded.
    #[serde(default)]
    pub(crate) recorded: u64,
    /// What each agent wrote for the last request to process of this entity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) outputs: BTreeMap<EntityId, InteractionOutput>,
    /// Samples that others wrote for requests of this entity, and which it has not received yet: the
    /// first position and the one behind the last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unread: BTreeMap<StreamRef, (u64, u64)>,
    /// The built-in actions that it used last by commands, the latest last.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub(crate) used: VecDeque<UsedAction>,
    /// How those ended that are runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) used_ends: BTreeMap<InteractionId, UsedEnd>,
}

/// How the run of a built-in action ended that an entity used by a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct UsedEnd {
    pub(crate) status: EndStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) output: Vec<InteractionOutput>,
}

fn is_empty(playlist: &Playlist) -> bool {
    *playlist == Playlist::default()
}

impl Memory {
    /// The agents that are meant when none is named: its partners, or else those that it has found.
    pub(super) fn involved(&self) -> &BTreeSet<EntityId> {
        if self.engaged.is_empty() {
            &self.found
        } else {
            &self.engaged
        }
    }

    /// Whether it would accept an engagement.
    pub(crate) fn is_available(&self) -> bool {
        self.engaged.is_empty()
    }

    /// Applies a change, but for what it means for other entities.
    pub(super) fn apply(&mut self, change: &MemoryChange) {
        replace(&mut self.found, change.found.as_ref());
        replace(&mut self.engaged, change.engaged.as_ref());
        replace(&mut self.valid_cmp, change.valid_cmp.as_ref());
        replace(&mut self.evaluation, change.evaluation.as_ref());
        replace(&mut self.playlist, change.playlist.as_ref());
        replace(&mut self.recorded, change.recorded.as_ref());
        for (stream, position) in &change.subscriptions {
            match position {
                Some(position) => self.subscriptions.insert(stream.clone(), *position),
                None => self.subscriptions.remove(stream),
            };
        }
        if let Some(used) = &change.used {
            if self.used.len() >= USED_MAX
                && let Some(oldest) = self.used.pop_front()
                && let Some(interaction) = oldest.interaction
            {
                self.used_ends.remove(&interaction);
            }
            self.used.push_back(used.clone());
        }
        for (peer, link) in &change.links {
            self.set_link(peer, *link);
        }
    }

    /// A request of the entity to itself has ended: it may be an action that it used.
    pub(super) fn end_used(&mut self, end: &InteractionEnded) {
        let id = end.interaction;
        if self.used.iter().any(|used| used.interaction == Some(id)) {
            let end = UsedEnd {
                status: end.status,
                output: end.output.clone(),
            };
            self.used_ends.insert(id, end);
        }
    }

    /// Sets its link to another, or drops it: then the other one has left.
    pub(super) fn set_link(&mut self, peer: &EntityId, link: Option<LinkState>) {
        match link {
            Some(link) => {
                self.links.insert(peer.clone(), link);
                self.left.remove(peer);
            }
            None => self.forget(peer),
        }
    }

    /// The link to another entity has ended, and with it what the two were to each other.
    pub(super) fn unlink(&mut self, peer: &EntityId) {
        let was_involved = [
            self.found.remove(peer),
            self.engaged.remove(peer),
            self.links.remove(peer).is_some(),
        ];
        if was_involved.contains(&true) {
            self.left.insert(peer.clone());
        }
    }

    /// Another entity has left.
    pub(super) fn forget(&mut self, peer: &EntityId) {
        self.unlink(peer);
        self.valid_cmp.remove(peer);
        self.evaluation.remove(peer);
        self.outputs.remove(peer);
        self.unread.retain(|stream, _| stream.owner != *peer);
        self.subscriptions.retain(|stream, _| stream.owner != *peer);
    }
}

fn replace<T: Clone>(now: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        now.clone_from(new);
    }
}
