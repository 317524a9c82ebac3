//! What a world is.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::commit::Seq;
use crate::id::{ChatId, WorldId};
use crate::quota::LogSize;
use crate::timestamp::Timestamp;
use crate::world::WorldDescription;

/// What a world is, without who and what is in it. All is in the same places as in a
/// [`WorldView`](super::WorldView).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorldProfile<'a> {
    /// Which world.
    pub id: WorldId,
    /// The last commit that is in it.
    pub seq: Seq,
    /// The time of that commit.
    pub at: Timestamp,
    /// When the world was created.
    pub created_at: Timestamp,
    /// What the world is; absent before it was created.
    #[serde(flatten)]
    pub description: Option<Cow<'a, WorldDescription>>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The chat that people see first.
    #[serde(default)]
    pub current_chat: Option<ChatId>,
    /// How many entities it has.
    pub entity_count: u64,
    /// How many chats it has.
    pub chat_count: u64,
    /// How much its log holds.
    #[serde(default)]
    pub log_size: LogSize,
}
