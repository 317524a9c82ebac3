//! The state as it is shown: without what only the rules need.

mod outline;

use std::collections::{BTreeMap, VecDeque};

use contract::chat::ChatMessage;
use contract::command::View;
use contract::mind::MindView;
use contract::tool::Approval;
use contract::world::WorldDescription;
use contract::{
    ApprovalId, Chat, ChatId, Entity, EntityId, EventType, RunId, Seq, TimerId, Timestamp, WorldId,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::event_types::Version;
use super::state::{Open, Timer, World};

#[derive(Serialize)]
struct Whole<'a> {
    id: &'a WorldId,
    seq: Seq,
    at: Timestamp,
    created_at: Timestamp,
    #[serde(flatten)]
    description: Option<&'a WorldDescription>,
    deleted: bool,
    entities: &'a BTreeMap<EntityId, Entity>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    event_types: &'a BTreeMap<EventType, Vec<Version>>,
    chats: BTreeMap<&'a ChatId, ChatView<'a>>,
    current_chat: Option<&'a ChatId>,
    calls: &'a BTreeMap<EntityId, u32>,
    forgotten: &'a BTreeMap<EntityId, Timestamp>,
    invocations: &'a BTreeMap<RunId, Open>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    minds: BTreeMap<&'a EntityId, MindView>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    approvals: &'a BTreeMap<ApprovalId, Approval>,
    timers: &'a BTreeMap<TimerId, Timer>,
}

#[derive(Serialize)]
struct ChatView<'a> {
    #[serde(flatten)]
    chat: &'a Chat,
    created_at: Timestamp,
    message_count: u64,
    messages: &'a VecDeque<ChatMessage>,
    answering: Vec<&'a EntityId>,
}

impl World {
    /// The state as JSON, for people and programs.
    ///
    /// # Errors
    /// None that a caller can meet: the state is a plain structure.
    pub fn view(&self, view: View) -> serde_json::Result<Box<RawValue>> {
        match view {
            View::Whole => self.whole(),
            View::Outline => self.outline(),
        }
    }

    fn whole(&self) -> serde_json::Result<Box<RawValue>> {
        let chats = self.chats.iter().map(|(id, state)| {
            let answering = state.answering.keys().collect();
            (
                id,
                ChatView {
                    chat: &state.chat,
                    created_at: state.created_at,
                    message_count: state.message_count,
                    messages: &state.tail,
                    answering,
                },
            )
        });
        serde_json::value::to_raw_value(&Whole {
            id: &self.id,
            seq: self.seq,
            at: self.at,
            created_at: self.created_at,
            description: self.description.as_ref(),
            deleted: self.deleted,
            entities: &self.entities,
            event_types: &self.event_types,
            chats: chats.collect(),
            current_chat: self.current_chat.as_ref(),
            calls: &self.calls,
            forgotten: &self.forgotten,
            invocations: &self.invocations,
            minds: self
                .minds
                .iter()
                .map(|(id, mind)| (id, mind.view()))
                .collect(),
            approvals: &self.approvals,
            timers: &self.timers,
        })
    }
}
