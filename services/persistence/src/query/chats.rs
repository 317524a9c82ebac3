//! The chats of a world, the newest first.

use contract::Seq;
use contract::query::{ChatRow, ChatsQuery};

use super::fetch::{UNPAGED_ROWS_MAX, fetch};
use super::page::Page;
use super::record::ChatRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for ChatsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Page<ChatRow>, Error> {
        let statement = Statement::new(
            "SELECT id, title, created_at, messages FROM chats WHERE world = ? \
             ORDER BY seq DESC, idx DESC LIMIT ?",
        )
        .bind(self.world.as_str());
        let rows = fetch::<ChatRecord, _>(store, statement, UNPAGED_ROWS_MAX + 1).await?;
        Ok(Page::first(rows, UNPAGED_ROWS_MAX))
    }
}
