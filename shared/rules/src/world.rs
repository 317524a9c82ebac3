//! The state of a world: a fold over its log, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::behaviour::DeclaredAction;
use contract::world::WorldDescription;
use contract::{CommandId, Seq, Timestamp, WorldId};
use serde::{Deserialize, Serialize};

use crate::behaviours::Behaviours;
use crate::chats::Chats;
use crate::dedup::CommandDedup;
use crate::entities::Entities;
use crate::event_types::EventTypes;
use crate::flows::Flows;
use crate::interactions::Interactions;
use crate::minds::Minds;
use crate::presence::Presence;
use crate::quota::LogQuota;
use crate::runs::Runs;
use crate::schedule::Schedule;
use crate::sessions::Sessions;
use crate::stored_spec::StoredSpec;
use crate::streams::Streams;
use crate::timers::Timers;
use crate::tools::Tools;

/// The state of a world. Each feature owns its part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// Which world.
    pub id: WorldId,
    /// The last commit in this state; 0 before the first.
    pub seq: Seq,
    /// The time of that commit.
    pub at: Timestamp,
    pub(crate) created_at: Timestamp,
    /// `None` before it was created.
    pub(crate) description: Option<WorldDescription>,
    pub(crate) deleted: bool,
    /// The command whose description is being applied, over several commits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) applying: Option<CommandId>,
    #[serde(rename = "log_size")]
    pub(crate) quota: LogQuota,
    pub(crate) entities: Entities,
    pub(crate) event_types: EventTypes,
    pub(crate) schedule: Schedule,
    #[serde(default, skip_serializing_if = "Presence::is_empty")]
    pub(crate) presence: Presence,
    pub(crate) dedup: CommandDedup,
    pub(crate) runs: Runs,
    #[serde(default, skip_serializing_if = "Streams::is_empty")]
    pub(crate) streams: Streams,
    pub(crate) tools: Tools,
    pub(crate) interactions: Interactions,
    pub(crate) chats: Chats,
    pub(crate) minds: Minds,
    pub(crate) timers: Timers,
    #[serde(default, skip_serializing_if = "Behaviours::is_empty")]
    pub(crate) behaviours: Behaviours,
    /// What workers have registered: given to commands like their time, and no part of the state.
    #[serde(skip)]
    pub(crate) registered_actions: Arc<[DeclaredAction]>,
    /// The description that the next command applies: given to it like its time, and no part of the state.
    #[serde(skip)]
    pub(crate) stored_spec: Option<StoredSpec>,
    #[serde(default, skip_serializing_if = "Sessions::is_empty")]
    pub(crate) sessions: Sessions,
    #[serde(default, skip_serializing_if = "Flows::is_empty")]
    pub(crate) flows: Flows,
}

impl World {
    /// A world of which nothing is known: its log is empty.
    pub fn new(id: WorldId) -> Self {
        Self {
            id,
            seq: 0,
            at: Timestamp::default(),
            created_at: Timestamp::default(),
            description: None,
            deleted: false,
            applying: None,
            quota: LogQuota::default(),
            entities: Entities::default(),
            event_types: EventTypes::default(),
            schedule: Schedule::default(),
            presence: Presence::default(),
            dedup: CommandDedup::default(),
            runs: Runs::default(),
            streams: Streams::default(),
            tools: Tools::default(),
            interactions: Interactions::default(),
            chats: Chats::default(),
            minds: Minds::default(),
            timers: Timers::default(),
            behaviours: Behaviours::default(),
            registered_actions: Arc::default(),
            stored_spec: None,
            sessions: Sessions::default(),
            flows: Flows::default(),
        }
    }

    /// Sets the custom actions that workers have registered: behaviours that are applied by the commands
    /// that follow may use them. What is used of them is declared in the log.
    pub fn set_registered_actions(&mut self, actions: Arc<[DeclaredAction]>) {
        self.registered_actions = actions;
    }

    /// The command whose description is being applied. Until all of it is there, nothing else may be decided and
    /// nothing shown; [`FireDue`](contract::Command::FireDue) applies the next part.
    pub fn applying(&self) -> Option<CommandId> {
        self.applying
    }

    /// Gives the commands that follow a description that is stored, or takes it back.
    pub fn set_stored_spec(&mut self, stored: Option<StoredSpec>) {
        self.stored_spec = stored;
    }

    /// Whether it was created and not deleted.
    pub fn exists(&self) -> bool {
        self.description.is_some() && !self.deleted
    }

    /// The versions of weights that runs may load: those that processors have learned last.
    pub fn weights_in_use(&self) -> BTreeSet<String> {
        self.interactions.weights_in_use().cloned().collect()
    }

    /// When it was deleted, if it was.
    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted.then_some(self.at)
    }
}
