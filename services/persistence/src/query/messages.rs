//! The messages of a world or of a chat, paged from either end.

use contract::query::{MessageRow, MessagesQuery, PageStart};
use contract::{Seq, WorldId};

use super::fetch::{fetch, push_position};
use super::page::{Page, page_limit};
use super::record::MessageRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for MessagesQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<MessageRow>, Error> {
        let limit = page_limit(self.limit);
        let statement = select_statement(self, store.position_function());
        let rows = fetch::<MessageRecord, _>(store, statement, limit + 1).await?;
        let page = Page::first(rows, limit);
        Ok(if is_newest_first(self) {
            page.reversed()
        } else {
            page
        })
    }
}

/// It ends with the placeholder of a limit.
pub(super) fn select_statement(query: &MessagesQuery, position_function: &str) -> Statement {
    let mut statement = Statement::new(
        "SELECT seq, idx, chat, id, sender, from_agent, text, at, turn, in_reply_to \
         FROM messages WHERE world = ?",
    )
    .bind(query.world.as_str());
    match &query.chat {
        Some(chat) => {
            statement.push(" AND chat = ?");
            statement.push_bind(chat.as_str());
        }
        None => statement.push(" AND copied = 0"),
    }
    if let Some(search) = query.search.as_deref().filter(|text| !text.is_empty()) {
        statement.push(&format!(" AND {position_function}(folded, ?) > 0"));
        statement.push_bind(search.to_lowercase());
    }
    match query.page {
        PageStart::Newest => {}
        PageStart::After(position) => {
            push_position(&mut statement, " AND (seq, idx) > (?, ?)", position);
        }
        PageStart::Before(position) => {
            push_position(&mut statement, " AND (seq, idx) < (?, ?)", position);
        }
    }
    statement.push(if is_newest_first(query) {
        " ORDER BY seq DESC, idx DESC LIMIT ?"
    } else {
        " ORDER BY seq, idx LIMIT ?"
    });
    statement
}

fn is_newest_first(query: &MessagesQuery) -> bool {
    !matches!(query.page, PageStart::After(_))
}
