//! Everything that is shown of a world.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chat::ChatView;
use super::entity::EventTypesView;
use super::interaction::InteractionView;
use super::run::{RunView, TimerView};
use super::stream::StreamView;
use crate::commit::Seq;
use crate::entity::Entity;
use crate::flow::{FlowView, SessionView};
use crate::id::{
    ApprovalId, ChatId, EntityId, FlowId, InteractionId, RunId, SessionId, TimerId, WorldId,
};
use crate::mind::MindView;
use crate::quota::LogSize;
use crate::stream::StreamRef;
use crate::timestamp::Timestamp;
use crate::tool::Approval;
use crate::world::WorldDescription;

/// A world with all that is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorldView<'a> {
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
    pub entities: BTreeMap<EntityId, Cow<'a, Entity>>,
    /// The types of custom events that are checked, each with its versions, oldest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub event_types: EventTypesView<'a>,
    /// Its chats.
    pub chats: BTreeMap<ChatId, ChatView<'a>>,
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
    pub runs: BTreeMap<RunId, RunView<'a>>,
    /// What the agents have in mind that act by themselves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minds: BTreeMap<EntityId, MindView>,
    /// The calls that wait for a person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub approvals: BTreeMap<ApprovalId, Cow<'a, Approval>>,
    /// The interactions that have not ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub interactions: BTreeMap<InteractionId, InteractionView>,
    /// The streams, without their samples.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub streams: BTreeMap<StreamRef, StreamView<'a>>,
    /// The flows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flows: BTreeMap<FlowId, FlowView<'a>>,
    /// The sessions that have not ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sessions: BTreeMap<SessionId, SessionView>,
    /// The timers that have not fired.
    pub timers: BTreeMap<TimerId, TimerView<'a>>,
}
