//! The chats of a world, the newest first.

use contract::query::{ChatRow, ChatsQuery};
use contract::{Seq, WorldId};

use super::fetch::{UNPAGED_ROWS_MAX, fetch};
use super::page::Page;
use super::record::ChatRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for ChatsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<ChatRow>, Error> {
        let statement = select_statement(self);
        let rows = fetch::<ChatRecord, _>(store, statement, UNPAGED_ROWS_MAX + 1).await?;
        Ok(Page::first(rows, UNPAGED_ROWS_MAX))
    }
}

/// It ends with the placeholder of a limit.
pub(super) fn select_statement(query: &ChatsQuery) -> Statement {
    Statement::new(
        "SELECT id, title, created_at, messages FROM chats WHERE world = ? \
         ORDER BY seq DESC, idx DESC LIMIT ?",
    )
    .bind(query.world.as_str())
}
