//! Rows as the tables hold them, and their conversion to the rows of a reply.

use contract::chat::ChatMessage;
use contract::query::{ChatRow, EventRow, HistoryRow, MessageRow, UsageRow, WorldRow};
use contract::{Cost, Position, Timestamp};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use crate::store::{Error, record, to_unsigned};

record! {
    pub(super) struct WorldRecord {
        id: String,
        name: String,
        description: String,
        created_at: i64,
        agents: i64,
        seq: i64,
    }
}

impl TryFrom<WorldRecord> for WorldRow {
    type Error = Error;

    fn try_from(row: WorldRecord) -> Result<Self, Error> {
        Ok(Self {
            id: parse(&row.id)?,
            name: row.name,
            description: row.description,
            created_at: timestamp(row.created_at),
            agents: to_unsigned(row.agents)?,
            seq: to_unsigned(row.seq)?,
        })
    }
}

record! {
    pub(super) struct ChatRecord {
        id: String,
        title: String,
        created_at: i64,
        messages: i64,
    }
}

impl TryFrom<ChatRecord> for ChatRow {
    type Error = Error;

    fn try_from(row: ChatRecord) -> Result<Self, Error> {
        Ok(Self {
            id: parse(&row.id)?,
            title: row.title,
            created_at: timestamp(row.created_at),
            messages: to_unsigned(row.messages)?,
        })
    }
}

record! {
    pub(super) struct MessageRecord {
        seq: i64,
        idx: i64,
        chat: String,
        id: String,
        sender: String,
        from_agent: i64,
        text: String,
        at: i64,
        turn: String,
        in_reply_to: Option<String>,
    }
}

impl TryFrom<MessageRecord> for MessageRow {
    type Error = Error;

    fn try_from(row: MessageRecord) -> Result<Self, Error> {
        Ok(Self {
            position: position(row.seq, row.idx)?,
            chat: parse(&row.chat)?,
            message: ChatMessage {
                id: parse(&row.id)?,
                sender: parse(&row.sender)?,
                from_agent: row.from_agent != 0,
                answerers: Vec::new(),
                text: row.text,
                at: timestamp(row.at),
                turn: parse(&row.turn)?,
                in_reply_to: row.in_reply_to.as_deref().map(parse).transpose()?,
            },
        })
    }
}

pub(super) struct HistoryRecord {
    before: i64,
    message: MessageRecord,
}

impl<'r, R> FromRow<'r, R> for HistoryRecord
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    MessageRecord: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        Ok(Self {
            before: row.try_get("before")?,
            message: MessageRecord::from_row(row)?,
        })
    }
}

impl TryFrom<HistoryRecord> for HistoryRow {
    type Error = Error;

    fn try_from(row: HistoryRecord) -> Result<Self, Error> {
        Ok(Self {
            before: to_unsigned(row.before)?,
            row: row.message.try_into()?,
        })
    }
}

record! {
    pub(super) struct EventRecord {
        seq: i64,
        idx: i64,
        at: i64,
        envelope: String,
    }
}

impl TryFrom<EventRecord> for EventRow {
    type Error = Error;

    fn try_from(row: EventRecord) -> Result<Self, Error> {
        let event = serde_json::from_str(&row.envelope).map_err(|error| Error::InvalidData {
            reason: error.to_string(),
        })?;
        Ok(Self {
            position: position(row.seq, row.idx)?,
            at: timestamp(row.at),
            event,
        })
    }
}

record! {
    pub(super) struct UsageRecord {
        start: Option<i64>,
        agent: String,
        model: String,
        /// Empty when there is no cost.
        currency: String,
        answers: i64,
        input_tokens: i64,
        output_tokens: i64,
        cost: i64,
    }
}

impl TryFrom<UsageRecord> for UsageRow {
    type Error = Error;

    fn try_from(row: UsageRecord) -> Result<Self, Error> {
        let cost = match row.currency.as_str() {
            "" => None,
            currency => Some(Cost {
                micros: to_unsigned(row.cost)?,
                currency: parse(currency)?,
            }),
        };
        Ok(Self {
            start: row.start.map(timestamp),
            agent: parse(&row.agent)?,
            model: row.model,
            answers: to_unsigned(row.answers)?,
            input_tokens: to_unsigned(row.input_tokens)?,
            output_tokens: to_unsigned(row.output_tokens)?,
            cost,
        })
    }
}

pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_unix_ms(milliseconds)
}

pub(super) fn position(seq: i64, index: i64) -> Result<Position, Error> {
    Ok(Position {
        seq: to_unsigned(seq)?,
        index: to_unsigned(index)?,
    })
}

pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|error| Error::InvalidData {
        reason: format!("{error}"),
    })
}
