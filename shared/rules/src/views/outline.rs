//! The state without what makes it large, in the same places as in the whole of it.

use std::collections::BTreeMap;

use contract::ability::Ability;
use contract::mind::ThinkTask;
use contract::tool::Approval;
use contract::world::WorldDescription;
use contract::{
    ActionName, AgentConfig, ApprovalId, Chat, ChatId, Entity, EntityId, EntityKind, MessageId,
    RunId, Seq, Timestamp, WorldId,
};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::state::{ChatState, Open, World};

#[derive(Serialize)]
struct Outline<'a> {
    id: &'a WorldId,
    seq: Seq,
    at: Timestamp,
    created_at: Timestamp,
    #[serde(flatten)]
    description: Option<&'a WorldDescription>,
    deleted: bool,
    entities: BTreeMap<&'a EntityId, EntityOutline<'a>>,
    chats: BTreeMap<&'a ChatId, ChatOutline<'a>>,
    current_chat: Option<&'a ChatId>,
    calls: &'a BTreeMap<EntityId, u32>,
    forgotten: &'a BTreeMap<EntityId, Timestamp>,
    invocations: BTreeMap<&'a RunId, RunOutline<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    approvals: &'a BTreeMap<ApprovalId, Approval>,
}

/// An entity without its state.
#[derive(Serialize)]
struct EntityOutline<'a> {
    id: &'a EntityId,
    kind: EntityKind,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a AgentConfig>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    abilities: &'a [Ability],
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<&'a EntityId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, Value>,
}

/// A chat without its messages.
#[derive(Serialize)]
struct ChatOutline<'a> {
    #[serde(flatten)]
    chat: &'a Chat,
    created_at: Timestamp,
    message_count: u64,
    answering: Vec<&'a EntityId>,
}

/// A run without what it was given.
#[derive(Serialize)]
struct RunOutline<'a> {
    action: &'a ActionName,
    agent: &'a EntityId,
    deadline: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<(&'a ChatId, Question)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ability: Option<&'a ActionName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a EntityId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<ThinkTask>,
}

#[derive(Serialize)]
struct Question {
    id: MessageId,
}

impl World {
    pub(super) fn outline(&self) -> serde_json::Result<Box<RawValue>> {
        let entities = self.entities.iter();
        let chats = self.chats.iter();
        let runs = self.invocations.iter();
        serde_json::value::to_raw_value(&Outline {
            id: &self.id,
            seq: self.seq,
            at: self.at,
            created_at: self.created_at,
            description: self.description.as_ref(),
            deleted: self.deleted,
            entities: entities.map(|(id, entity)| (id, entity.into())).collect(),
            chats: chats.map(|(id, chat)| (id, chat.into())).collect(),
            current_chat: self.current_chat.as_ref(),
            calls: &self.calls,
            forgotten: &self.forgotten,
            invocations: runs.map(|(id, open)| (id, open.into())).collect(),
            approvals: &self.approvals,
        })
    }
}

impl<'a> From<&'a Entity> for EntityOutline<'a> {
    fn from(entity: &'a Entity) -> Self {
        // A new field does not compile until somebody says whether it is part of an outline.
        let Entity {
            id,
            kind,
            name,
            agent,
            description,
            abilities,
            state: _,
            state_schema: _,
            revision,
            held_by,
            location,
            metadata,
        } = entity;
        Self {
            id,
            kind: *kind,
            name,
            agent: agent.as_ref(),
            description,
            abilities,
            revision: (*revision > 0).then_some(*revision),
            held_by: held_by.as_ref(),
            location: location.as_deref(),
            metadata,
        }
    }
}

impl<'a> From<&'a ChatState> for ChatOutline<'a> {
    fn from(state: &'a ChatState) -> Self {
        Self {
            chat: &state.chat,
            created_at: state.created_at,
            message_count: state.message_count,
            answering: state.answering.keys().collect(),
        }
    }
}

impl<'a> From<&'a Open> for RunOutline<'a> {
    fn from(open: &'a Open) -> Self {
        let answers = open.answers.as_ref();
        Self {
            action: &open.action,
            agent: &open.agent,
            deadline: open.deadline,
            answers: answers.map(|(chat, question)| (chat, Question { id: question.id })),
            call: open.call.as_deref(),
            ability: open.ability.as_ref(),
            caller: open.caller.as_ref(),
            correlation: open.correlation,
            thinking: open.thinking,
        }
    }
}
