//! What is shown of runs and timers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::chat::{ChatMessage, ChatText};
use crate::event::NewEvent;
use crate::id::{ActionName, ChatId, EntityId, MessageId};
use crate::mind::ThinkTask;
use crate::purpose_kind::PurposeKind;
use crate::timestamp::Timestamp;

/// A run that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunView<'a> {
    /// The name under which workers offer its action.
    pub action: ActionName,
    /// Whose action it is.
    #[serde(rename = "agent", alias = "entity")]
    pub entity: EntityId,
    /// If it has not ended by then, it has failed.
    pub deadline: Timestamp,
    /// What it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Cow<'a, RawValue>>,
    /// The chat and the message on the way to whose answer it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<(ChatId, Cow<'a, ChatMessage>)>,
    /// The call that it makes, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Cow<'a, str>>,
    /// The ability of its entity that was triggered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability: Option<ActionName>,
    /// The agent that called the ability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<EntityId>,
    /// What everything of the conversation or request shares that requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// How many runs led to it.
    pub depth: u32,
    /// What it thinks about for an agent with a mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<ThinkTask>,
    /// The chat for which it finds a title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub titles: Option<ChatId>,
    /// What it is for. Absent in the view of a world service of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeKind>,
    /// Whether it waits for runs of its entity's abilities before it: its deadline counts from its begin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
}

/// A run without what it was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunOutline<'a> {
    /// The name under which workers offer its action.
    pub action: ActionName,
    /// Whose action it is.
    #[serde(rename = "agent", alias = "entity")]
    pub entity: EntityId,
    /// If it has not ended by then, it has failed.
    pub deadline: Timestamp,
    /// The chat and the message on the way to whose answer it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<(ChatId, QuestionId)>,
    /// The call that it makes, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Cow<'a, str>>,
    /// The ability of its entity that was triggered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability: Option<ActionName>,
    /// The agent that called the ability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<EntityId>,
    /// What everything of the conversation or request shares that requested it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// What it thinks about for an agent with a mind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<ThinkTask>,
    /// What it is for. Absent in the view of a world service of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<PurposeKind>,
    /// Whether it waits for runs of its entity's abilities before it: its deadline counts from its begin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
}

/// A message of which only the id is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionId {
    /// The id.
    pub id: MessageId,
}

/// A timer that has not fired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TimerView<'a> {
    /// When it fires.
    pub due: Timestamp,
    /// Who set it.
    pub owner: EntityId,
    /// When it fires again: a cron expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Cow<'a, str>>,
    /// The time zone of `repeat`; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Cow<'a, str>>,
    /// What is sent then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Cow<'a, NewEvent>>,
    /// What is posted then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Cow<'a, ChatText>>,
}
