//! One message of a chat, and those before it.

use contract::query::{HistoryQuery, HistoryRow};
use contract::{Seq, WorldId};

use super::fetch::fetch;
use super::page::{Page, page_limit};
use super::record::HistoryRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for HistoryQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<HistoryRow>, Error> {
        let limit = page_limit(self.limit);
        let rows = fetch::<HistoryRecord, _>(store, select_statement(self), limit + 1).await?;
        Ok(Page::first(rows, limit).reversed())
    }
}

/// The message is found by its id, and those before it by its place.
pub(super) fn select_statement(query: &HistoryQuery) -> Statement {
    const PLACE: &str = "(SELECT seq, idx FROM messages WHERE world = ? AND chat = ? AND id = ?)";
    let sql = format!(
        "SELECT seq, idx, chat, id, sender, from_agent, text, at, turn, in_reply_to, \
         (SELECT count(*) FROM messages \
         WHERE world = ? AND chat = ? AND (seq, idx) < {PLACE}) AS before \
         FROM messages WHERE world = ? AND chat = ? AND (seq, idx) <= {PLACE} \
         ORDER BY seq DESC, idx DESC LIMIT ?"
    );
    let (world, chat) = (query.world.as_str(), query.chat.as_str());
    let mut statement = Statement::new(sql);
    for _ in 0..2 {
        statement = statement.bind(world).bind(chat);
        statement = statement
            .bind(world)
            .bind(chat)
            .bind(query.message.to_string());
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_and_its_place_are_found_by_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/archive.db", folder.path().display());
        let store = Store::open(&url, 1).unwrap();
        store.migrate().await.unwrap();
        let mut statement = select_statement(&HistoryQuery {
            world: "lobby".parse().unwrap(),
            chat: "main".parse().unwrap(),
            message: "018f0000-0000-7000-8000-000000000001".parse().unwrap(),
            limit: 10,
            wait_for: None,
        });
        statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        statement.push_bind(10_u64);
        let steps: Vec<(i64, i64, i64, String)> = store.fetch(statement).await.unwrap();
        let reads: Vec<String> = steps.into_iter().map(|(.., detail)| detail).collect();
        let reads: Vec<&String> = reads
            .iter()
            .filter(|detail| detail.contains("messages"))
            .collect();
        assert_eq!(reads.len(), 4, "{reads:?}");
        for read in reads {
            assert!(read.starts_with("SEARCH"), "{read}");
        }
    }
}
