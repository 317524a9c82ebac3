//! The events of a world, filtered and paged.

use contract::Seq;
use contract::event_type::RESERVED_TOKENS;
use contract::query::{EventRow, EventsQuery};

use super::fetch::{fetch, push_position};
use super::page::{Page, page_limit};
use super::record::EventRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for EventsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Page<EventRow>, Error> {
        let limit = page_limit(self.limit);
        let mut statement =
            Statement::new("SELECT seq, idx, at, envelope FROM events WHERE world = ?")
                .bind(self.world.as_str());
        push_position(&mut statement, " AND (seq, idx) > (?, ?)", self.after);
        if let Some(pattern) = &self.event_type {
            push_event_type(&mut statement, pattern);
        }
        let position = store.position_function();
        let involves = format!("sender = ? OR {position}(',' || target || ',', ?) > 0");
        if let Some(entity) = &self.entity {
            statement.push(&format!(" AND ({involves})"));
            statement.push_bind(entity.as_str());
            statement.push_bind(format!(",{entity},"));
        }
        if let Some(entity) = &self.heard_by {
            statement.push(&format!(" AND (target IS NULL OR {involves})"));
            statement.push_bind(entity.as_str());
            statement.push_bind(format!(",{entity},"));
            push_not_reserved(&mut statement);
        }
        if let Some(chat) = &self.chat {
            statement.push(" AND chat = ?");
            statement.push_bind(chat.as_str());
        }
        if let Some(session) = self.session {
            statement.push(" AND session = ?");
            statement.push_bind(session.to_string());
        }
        statement.push(match self.last {
            true => " ORDER BY seq DESC, idx DESC LIMIT ?",
            false => " ORDER BY seq, idx LIMIT ?",
        });
        let rows = fetch::<EventRecord, _>(store, statement, limit + 1).await?;
        let page = Page::first(rows, limit);
        Ok(if self.last { page.reversed() } else { page })
    }
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
