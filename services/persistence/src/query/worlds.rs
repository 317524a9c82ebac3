//! The worlds, in the order of their ids.

use contract::query::{WorldRow, WorldsQuery};
use contract::{Seq, WorldId};

use super::fetch::fetch;
use super::page::{Page, page_limit};
use super::record::WorldRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for WorldsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        None
    }

    async fn select(&self, store: &Store) -> Result<Page<WorldRow>, Error> {
        let limit = page_limit(self.limit);
        let statement = select_statement(self);
        let rows = fetch::<WorldRecord, _>(store, statement, limit + 1).await?;
        Ok(Page::first(rows, limit))
    }
}

/// It ends with the placeholder of a limit.
pub(super) fn select_statement(query: &WorldsQuery) -> Statement {
    let mut statement = Statement::new(
        "SELECT id, name, description, created_at, seq, \
         (SELECT count(*) FROM entities WHERE world = worlds.id AND kind = 'agent') AS agents \
         FROM worlds",
    );
    if let Some(after) = &query.after {
        statement.push(" WHERE id > ?");
        statement.push_bind(after.as_str());
    }
    statement.push(" ORDER BY id LIMIT ?");
    statement
}
