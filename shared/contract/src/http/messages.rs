//! Messages, and the turns that they begin.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::chat::Unanswered;
use crate::query::MessageRow;
use crate::{EntityId, MessageId, Position, Seq, Usage};

/// Which page of a chat.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesPageQuery {
    /// The oldest after this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// The newest before this position; the newest of all when neither is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Position>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Those that contain this, whatever its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessagesPage {
    /// The messages.
    pub messages: Vec<MessageRow>,
    /// Whether more follow in the direction of paging.
    pub more: bool,
}

/// A message to post.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PostMessageRequest {
    /// Who sends it.
    pub sender: EntityId,
    /// Its text.
    pub text: String,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<MessageId>,
    /// Answer with an event stream: `message`, then `chunk`s and `message.posted` as the answers
    /// come, and `chat.turn_ended` at the end, which says why if nobody answered.
    #[serde(default)]
    pub stream: bool,
    /// Whether to wait for the whole turn. If not, the answer is 202 once the message is durable.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub wait: bool,
}

const fn yes() -> bool {
    true
}

/// A message in place of another.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EditMessageRequest {
    /// Its text.
    pub text: String,
    /// Who sends it.
    pub sender: EntityId,
}

/// A message, and what agents answered until the turn ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TurnResponse {
    /// The message's id.
    pub id: MessageId,
    /// The commit that holds it.
    pub seq: Seq,
    /// In the order in which they were given; absent without waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<TurnAnswer>>,
    /// Agents that were to answer, and did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<Vec<TurnFailure>>,
    /// Why nobody answered; absent when somebody did, and without waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TurnAnswer {
    /// The message's id.
    pub id: MessageId,
    /// Who answered.
    pub sender: EntityId,
    /// The text of the answer.
    pub text: String,
    /// What the language model cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// An agent that was to answer, and did not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TurnFailure {
    /// Who.
    pub agent: EntityId,
    /// A word for programs, such as `model_timeout` or `cancelled`.
    pub code: String,
    /// A sentence for people.
    pub reason: String,
}
