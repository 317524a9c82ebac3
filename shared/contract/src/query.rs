//! Queries: what the archive answers on `mw.query.*`.

mod usage;

pub use usage::{UsageBucket, UsageOverTimeQuery, UsageQuery, UsageRow};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::ChatMessage;
use crate::commit::Position;
use crate::flow::{SessionStatus, SessionView};
use crate::view::{InteractionStatus, InteractionView};
use crate::{
    ChatId, EntityId, FlowId, InteractionId, MessageId, Seq, SessionId, Timestamp, WorldId,
};

/// The most rows that one page holds.
pub const PAGE_ROWS_MAX: u32 = 1000;

/// `mw.query.worlds`: the worlds that exist, by id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WorldsQuery {
    /// Those behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<WorldId>,
    /// At most this many, and at most [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// One row of [`WorldsQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorldRow {
    /// Its id.
    pub id: WorldId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it began.
    pub created_at: Timestamp,
    /// How many agents it has.
    #[serde(default)]
    pub agents: u64,
    /// Its last commit.
    pub seq: Seq,
}

/// `mw.query.chats`: the chats of a world, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatsQuery {
    /// Whose.
    pub world: WorldId,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// One row of [`ChatsQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatRow {
    /// Its id.
    pub id: ChatId,
    /// What people call it.
    pub title: String,
    /// When it began.
    pub created_at: Timestamp,
    /// How many messages it holds.
    pub messages: u64,
}

/// `mw.query.messages`: messages of a chat, or those of a world that contain a text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessagesQuery {
    /// Whose.
    pub world: WorldId,
    /// Of this chat; of all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// That contain this, whatever its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Which page.
    #[serde(default)]
    pub page: PageStart,
    /// At most this many, and at most [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// Where a page of rows begins. The rows come oldest first, whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageStart {
    /// The newest rows.
    #[default]
    Newest,
    /// The oldest rows behind this place.
    After(Position),
    /// The newest rows before this place.
    Before(Position),
}

/// One row of [`MessagesQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageRow {
    /// Its place in the log.
    pub position: Position,
    /// Its chat.
    pub chat: ChatId,
    /// The message.
    #[serde(flatten)]
    pub message: ChatMessage,
}

/// `mw.query.history`: one message of a chat, and those right before it. No rows when the chat does not have
/// it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// Of which world.
    pub world: WorldId,
    /// Of which chat.
    pub chat: ChatId,
    /// The message, which is the last row.
    pub message: MessageId,
    /// At most this many, and at most [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// One row of [`HistoryQuery`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// How many messages of the chat are before the one that the query names: the same in all rows.
    pub before: u64,
    /// A message.
    #[serde(flatten)]
    pub row: MessageRow,
}

/// `mw.query.events`: events of a world, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsQuery {
    /// Whose.
    pub world: WorldId,
    /// Those behind this place.
    #[serde(default)]
    pub after: Position,
    /// Of this type, or of those that begin with it when it ends with `.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Sent by this entity, or meant for it by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// Custom events that this entity received: its own, those meant for it by name, and those for
    /// everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_by: Option<EntityId>,
    /// Whether the last ones are wanted, and not the first: still oldest first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
    /// In this chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// Of this session: what happened in it, from `session.started` to `session.ended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// At most this many, and at most [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// One row of [`EventsQuery`]: an event with what its commit knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventRow {
    /// Its place in the log.
    pub position: Position,
    /// When it happened.
    pub at: Timestamp,
    /// The event.
    pub event: crate::Event,
}

/// `mw.query.interactions`: the interactions of a world, open ones and those that have ended, in the order
/// of their requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionsQuery {
    /// Whose.
    pub world: WorldId,
    /// Only this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<InteractionId>,
    /// That this entity requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<EntityId>,
    /// That were requested of this entity, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<EntityId>,
    /// That are open, or that have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<InteractionStatus>,
    /// Those behind this place.
    #[serde(default)]
    pub after: Position,
    /// At most this many, and at most [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// One row of [`InteractionsQuery`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InteractionRow {
    /// The place of its request in the log.
    pub position: Position,
    /// The commit of its last change: of its end, when it has ended.
    pub changed: Seq,
    /// The interaction. What a target has written is there when the target has ended it.
    pub interaction: InteractionView,
}

/// `mw.query.sessions`: the sessions of a world, open ones and those that have ended, in the order in which
/// they began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionsQuery {
    /// Whose.
    pub world: WorldId,
    /// Only this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<SessionId>,
    /// With this flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// Whose client is this entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// That are open, or that have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatus>,
    /// Those behind this place.
    #[serde(default)]
    pub after: Position,
    /// At most this many, and at most [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// One row of [`SessionsQuery`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    /// The place of its beginning in the log.
    pub position: Position,
    /// The commit of its end; of its beginning, while it is open.
    pub changed: Seq,
    /// The session as it ended. Of an open one, as it began: the world knows how it is now.
    pub session: SessionView,
}

/// The answer to a query.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryReply<Row> {
    /// The rows.
    Rows {
        /// In the order that the query promises.
        rows: Vec<Row>,
        /// Whether more follow.
        more: bool,
    },
    /// The archive can't answer now: its database is unavailable, or it has not come as far as `wait_for`.
    Unavailable {
        /// Why.
        reason: String,
    },
    /// The query makes no sense.
    Invalid {
        /// Why.
        reason: String,
    },
}

/// A question that the archive answers.
pub trait Query: Serialize + serde::de::DeserializeOwned + Send + Sync {
    /// Its name in `mw.query.{name}`.
    const NAME: &'static str;
    /// What its answer lists.
    type Row: Serialize + serde::de::DeserializeOwned + Send;

    /// The commit that the archive must hold before it answers, if the query names one.
    fn waits_for(&self) -> Option<Seq>;
}

macro_rules! queries {
    ($($query:ty = $name:literal => $row:ty;)*) => {
        $(impl Query for $query {
            const NAME: &'static str = $name;
            type Row = $row;

            fn waits_for(&self) -> Option<Seq> {
                self.wait_for
            }
        })*
    };
}

queries! {
    WorldsQuery = "worlds" => WorldRow;
    ChatsQuery = "chats" => ChatRow;
    MessagesQuery = "messages" => MessageRow;
    HistoryQuery = "history" => HistoryRow;
    EventsQuery = "events" => EventRow;
    UsageQuery = "usage" => UsageRow;
    UsageOverTimeQuery = "usage_over_time" => UsageRow;
    InteractionsQuery = "interactions" => InteractionRow;
    SessionsQuery = "sessions" => SessionRow;
}
