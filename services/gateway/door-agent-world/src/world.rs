//! A world, as far as all requests need it.

use contract::view::WorldProfile;
use contract::world::WorldDescription;
use contract::{ChatId, Seq, Timestamp, WorldId};

/// A world, without who and what is in it.
pub(crate) struct World {
    pub(crate) id: WorldId,
    /// The last commit in this.
    pub(crate) seq: Seq,
    pub(crate) created_at: Timestamp,
    pub(crate) description: WorldDescription,
    /// The chat that is open.
    pub(crate) current_chat: Option<ChatId>,
    pub(crate) chat_count: u64,
}

impl World {
    /// The world of a view; `None` when it was deleted: its log outlives it for a while.
    pub(crate) fn from_view(view: WorldProfile<'_>) -> Option<Self> {
        let description = view.description.filter(|_| !view.deleted)?;
        Some(Self {
            id: view.id,
            seq: view.seq,
            created_at: view.created_at,
            description: description.into_owned(),
            current_chat: view.current_chat,
            chat_count: view.chat_count,
        })
    }

    /// What people call it: its id when it has no name.
    pub(crate) fn name(&self) -> &str {
        match self.description.name.as_str() {
            "" => self.id.as_str(),
            name => name,
        }
    }
}
