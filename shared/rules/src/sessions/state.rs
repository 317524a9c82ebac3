//! The open sessions of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use contract::{EntityId, SessionId};
use serde::{Deserialize, Serialize};

use super::open::OpenSession;

/// The sessions that have not ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Sessions {
    pub(super) open: BTreeMap<SessionId, OpenSession>,
    /// Those in which something follows at once. Empty between commits, unless there is more than one commit
    /// takes.
    pub(super) due: BTreeSet<SessionId>,
    /// Those with nodes that wait for an agent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) waiting: BTreeMap<EntityId, BTreeSet<SessionId>>,
}

impl Sessions {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&OpenSession> {
        self.open.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Those behind `after`, or all of them, by id.
    pub(crate) fn after(
        &self,
        after: Option<SessionId>,
    ) -> impl Iterator<Item = (SessionId, &OpenSession)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.open.range((start, Bound::Unbounded));
        range.map(|(id, session)| (*id, session))
    }

    /// Those in which something follows at once.
    pub(crate) fn due(&self) -> impl ExactSizeIterator<Item = SessionId> {
        self.due.iter().copied()
    }

    /// Whether something follows at once.
    pub(crate) fn has_work(&self) -> bool {
        !self.due.is_empty()
    }
}
