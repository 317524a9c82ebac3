//! The events of a world, filtered and paged.

use contract::event_type::RESERVED_TOKENS;
use contract::query::{EventRow, EventsQuery};
use contract::{Seq, WorldId};

use super::fetch::{fetch, push_position};
use super::page::{Page, page_limit};
use super::record::EventRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for EventsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<EventRow>, Error> {
        let limit = page_limit(self.limit);
        let statement = select_statement(self, store.position_function());
        let rows = fetch::<EventRecord, _>(store, statement, limit + 1).await?;
        let page = Page::first(rows, limit);
        Ok(if self.last { page.reversed() } else { page })
    }
}

/// It ends with the placeholder of a limit.
pub(super) fn select_statement(query: &EventsQuery, position_function: &str) -> Statement {
    let mut statement = Statement::new("SELECT seq, idx, at, envelope FROM events WHERE world = ?")
        .bind(query.world.as_str());
    push_position(&mut statement, " AND (seq, idx) > (?, ?)", query.after);
    if let Some(pattern) = &query.event_type {
        push_event_type(&mut statement, pattern);
    }
    let involves = format!("sender = ? OR {position_function}(',' || target || ',', ?) > 0");
    if let Some(entity) = &query.entity {
        statement.push(&format!(" AND ({involves})"));
        statement.push_bind(entity.as_str());
        statement.push_bind(format!(",{entity},"));
    }
    if let Some(entity) = &query.heard_by {
        statement.push(&format!(" AND (target IS NULL OR {involves})"));
        statement.push_bind(entity.as_str());
        statement.push_bind(format!(",{entity},"));
        push_not_reserved(&mut statement);
    }
    if let Some(chat) = &query.chat {
        statement.push(" AND chat = ?");
        statement.push_bind(chat.as_str());
    }
    if let Some(session) = query.session {
        statement.push(" AND session = ?");
        statement.push_bind(session.to_string());
    }
    statement.push(match query.last {
        true => " ORDER BY seq DESC, idx DESC LIMIT ?",
        false => " ORDER BY seq, idx LIMIT ?",
    });
    statement
}

/// Selects one event type, or with `prefix.*` all that begin with `prefix.`.
fn push_event_type(statement: &mut Statement, pattern: &str) {
    match pattern.strip_suffix('*').filter(|p| p.ends_with('.')) {
        // Everything from `prefix.` to just below `prefix/`: the slash follows the dot.
        Some(prefix) => {
            statement.push(" AND type >= ? AND type < ?");
            statement.push_bind(prefix);
            statement.push_bind(format!("{}/", prefix.trim_end_matches('.')));
        }
        None => {
            statement.push(" AND type = ?");
            statement.push_bind(pattern);
        }
    }
}

/// Leaves out the event types that only the world itself writes.
fn push_not_reserved(statement: &mut Statement) {
    for token in RESERVED_TOKENS {
        // As above.
        statement.push(" AND NOT (type >= ? AND type < ?)");
        statement.push_bind(format!("{token}."));
        statement.push_bind(format!("{token}/"));
    }
}
