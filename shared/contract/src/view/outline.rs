//! A world without what makes it large.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chat::ChatOutline;
use super::entity::EntityOutline;
use super::run::RunOutline;
use crate::commit::Seq;
use crate::id::{ApprovalId, ChatId, EntityId, RunId, WorldId};
use crate::quota::LogSize;
use crate::timestamp::Timestamp;
use crate::tool::Approval;
use crate::world::WorldDescription;

/// What a world is, who and what is in it, and what goes on: without the states of entities, the
/// messages of chats, what runs were given, types of events and timers. All is in the same places as
/// in a [`WorldView`](super::WorldView).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outline<'a> {
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
    /// How much its log holds.
    #[serde(default)]
    pub log_size: LogSize,
    /// Who and what is in it.
    pub entities: BTreeMap<EntityId, EntityOutline<'a>>,
    /// Its chats.
    pub chats: BTreeMap<ChatId, ChatOutline<'a>>,
    /// The chat that people see first.
    #[serde(default)]
    pub current_chat: Option<ChatId>,
    /// How many model requests the answers of each agent have cost since a person or the world last
    /// posted a message.
    pub calls: BTreeMap<EntityId, u32>,
    /// Up to when each agent remembers nothing.
    pub forgotten: BTreeMap<EntityId, Timestamp>,
    /// The runs that have not ended.
    #[serde(rename = "invocations")]
    pub runs: BTreeMap<RunId, RunOutline<'a>>,
    /// The calls that wait for a person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub approvals: BTreeMap<ApprovalId, Cow<'a, Approval>>,
}
