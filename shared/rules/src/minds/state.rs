//! The minds of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};

use contract::EntityId;
use serde::{Deserialize, Serialize};

use super::mind::Mind;

/// What the agents have in mind that act by themselves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Minds {
    pub(super) by_agent: BTreeMap<EntityId, Mind>,
    /// Agents that have something to decide, or to summarise. Empty between commits, unless there are
    /// more than one commit takes.
    pub(super) due: BTreeSet<EntityId>,
}

impl Minds {
    /// The agents that have a mind.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &EntityId> {
        self.by_agent.keys()
    }

    /// Whether something is to follow at once.
    pub(crate) fn has_work(&self) -> bool {
        !self.due.is_empty()
    }
}
