//! The messages of a world or of a chat, paged from either end.

use contract::Seq;
use contract::query::{MessageRow, MessagesQuery, PageStart};

use super::fetch::{fetch, push_position};
use super::page::{Page, page_limit};
use super::record::MessageRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for MessagesQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    async fn select(&self, store: &Store) -> Result<Page<MessageRow>, Error> {
        let limit = page_limit(self.limit);
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
            let position = store.position_function();
            statement.push(&format!(" AND {position}(folded, ?) > 0"));
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
        let page = Page::first(rows, limit);
        Ok(if newest_first { page.reversed() } else { page })
    }
}
