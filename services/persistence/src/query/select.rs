//! What each query selects.

use contract::event_type::RESERVED_TOKENS;
use contract::query::{
    ChatRow, ChatsQuery, EventRow, EventsQuery, MessageRow, MessagesQuery, PageStart, UsageQuery,
    UsageRow, WorldRow, WorldsQuery,
};
use contract::{Position, Seq, Timestamp};

use super::Select;
use super::page::{Rows, limit};
use crate::store::{Error, Record, Statement, Store, to_unsigned};

mod record;

use record::{ChatRecord, EventRecord, MessageRecord, UsageRecord, WorldRecord};

impl Select for WorldsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Rows<WorldRow>, Error> {
        let limit = limit(self.limit);
        let mut statement = Statement::new(
            "SELECT id, name, description, created_at, seq, \
             (SELECT count(*) FROM entities WHERE world = worlds.id AND kind = 'agent') AS agents \
             FROM worlds",
        );
        if let Some(after) = &self.after {
            statement.push(" WHERE id > ?");
            statement.push_bind(after.as_str());
        }
        statement.push(" ORDER BY id LIMIT ?");
        let rows = fetch::<WorldRecord, _>(store, statement, limit + 1).await?;
        Ok(Rows::first(rows, limit))
    }
}

impl Select for ChatsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Rows<ChatRow>, Error> {
        let statement = Statement::new(
            "SELECT id, title, created_at, messages FROM chats WHERE world = ? \
             ORDER BY seq DESC, idx DESC LIMIT ?",
        )
        .bind(self.world.as_str());
        let rows = fetch::<ChatRecord, _>(store, statement, LISTED_MAX + 1).await?;
        Ok(Rows::first(rows, LISTED_MAX))
    }
}

impl Select for MessagesQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Rows<MessageRow>, Error> {
        let limit = limit(self.limit);
        let mut statement = Statement::new(
            "SELECT seq, idx, chat, id, sender, from_agent, text, at, turn, in_reply_to \
             FROM messages WHERE world = ?",
        )
        .bind(self.world.as_str());
        match &self.chat {
            Some(chat) => {
                statement.push(" AND chat = ?");
                statement.push_bind(chat.as_str());
            }
            None => statement.push(" AND copied = 0"),
        }
        if let Some(search) = self.search.as_deref().filter(|text| !text.is_empty()) {
            statement.push(&format!(" AND {}(folded, ?) > 0", store.find_function()));
            statement.push_bind(search.to_lowercase());
        }
        let newest_first = match self.page {
            PageStart::Newest => true,
            PageStart::After(position) => {
                push_position(&mut statement, " AND (seq, idx) > (?, ?)", position);
                false
            }
            PageStart::Before(position) => {
                push_position(&mut statement, " AND (seq, idx) < (?, ?)", position);
                true
            }
        };
        statement.push(if newest_first {
            " ORDER BY seq DESC, idx DESC LIMIT ?"
        } else {
            " ORDER BY seq, idx LIMIT ?"
        });
        let rows = fetch::<MessageRecord, _>(store, statement, limit + 1).await?;
        let rows = Rows::first(rows, limit);
        Ok(if newest_first { rows.reversed() } else { rows })
    }
}

impl Select for EventsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Rows<EventRow>, Error> {
        let limit = limit(self.limit);
        let mut statement =
            Statement::new("SELECT seq, idx, at, envelope FROM events WHERE world = ?")
                .bind(self.world.as_str());
        push_position(&mut statement, " AND (seq, idx) > (?, ?)", self.after);
        match self.event_type.as_deref() {
            None => {}
            Some(wanted) => match wanted.strip_suffix('*').filter(|p| p.ends_with('.')) {
                // Everything from `prefix.` to just below `prefix/`: the slash follows the dot.
                Some(prefix) => {
                    statement.push(" AND type >= ? AND type < ?");
                    statement.push_bind(prefix);
                    statement.push_bind(format!("{}/", prefix.trim_end_matches('.')));
                }
                None => {
                    statement.push(" AND type = ?");
                    statement.push_bind(wanted);
                }
            },
        }
        let find = store.find_function();
        let among = format!("sender = ? OR {find}(',' || target || ',', ?) > 0");
        if let Some(entity) = &self.entity {
            statement.push(&format!(" AND ({among})"));
            statement.push_bind(entity.as_str());
            statement.push_bind(format!(",{entity},"));
        }
        if let Some(entity) = &self.heard_by {
            statement.push(&format!(" AND (target IS NULL OR {among})"));
            statement.push_bind(entity.as_str());
            statement.push_bind(format!(",{entity},"));
            push_custom(&mut statement);
        }
        if let Some(chat) = &self.chat {
            statement.push(" AND chat = ?");
            statement.push_bind(chat.as_str());
        }
        statement.push(match self.last {
            true => " ORDER BY seq DESC, idx DESC LIMIT ?",
            false => " ORDER BY seq, idx LIMIT ?",
        });
        let rows = fetch::<EventRecord, _>(store, statement, limit + 1).await?;
        let rows = Rows::first(rows, limit);
        Ok(if self.last { rows.reversed() } else { rows })
    }
}

/// Leaves out what only the world itself writes.
fn push_custom(statement: &mut Statement) {
    for token in RESERVED_TOKENS {
        // Everything from `token.` to just below `token/`: the slash follows the dot.
        statement.push(" AND NOT (type >= ? AND type < ?)");
        statement.push_bind(format!("{token}."));
        statement.push_bind(format!("{token}/"));
    }
}

impl Select for UsageQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Rows<UsageRow>, Error> {
        let statement = Statement::new(
            "SELECT agent, model, answers, input_tokens, output_tokens FROM usage \
             WHERE world = ? ORDER BY agent, model LIMIT ?",
        )
        .bind(self.world.as_str());
        let rows = fetch::<UsageRecord, _>(store, statement, LISTED_MAX + 1).await?;
        Ok(Rows::first(rows, LISTED_MAX))
    }
}

/// The most rows of a list without pages: more do not fit in one answer.
const LISTED_MAX: usize = 20_000;

fn push_position(statement: &mut Statement, sql: &str, position: Position) {
    statement.push(sql);
    statement.push_bind(position.seq);
    statement.push_bind(position.index);
}

/// Rows of a statement that ends with a limit.
async fn fetch<T, Row>(
    store: &Store,
    mut statement: Statement,
    limit: usize,
) -> Result<Vec<Row>, Error>
where
    T: Record,
    Row: TryFrom<T, Error = Error>,
{
    statement.push_bind(limit as u64);
    let records: Vec<T> = store.fetch(statement).await?;
    records.into_iter().map(Row::try_from).collect()
}

fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_unix_ms(milliseconds)
}

fn position(seq: i64, index: i64) -> Result<Position, Error> {
    Ok(Position {
        seq: to_unsigned(seq)?,
        index: to_unsigned(index)?,
    })
}
