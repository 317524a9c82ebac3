//! The tokens that each agent of a world has used, and what they cost, by model.

use contract::query::{UsageQuery, UsageRow};
use contract::{Seq, WorldId};

use super::fetch::{UNPAGED_ROWS_MAX, fetch};
use super::page::Page;
use super::record::UsageRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for UsageQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<UsageRow>, Error> {
        let statement = select_statement(self);
        let rows = fetch::<UsageRecord, _>(store, statement, UNPAGED_ROWS_MAX + 1).await?;
        Ok(Page::first(rows, UNPAGED_ROWS_MAX))
    }
}

/// It ends with the placeholder of a limit.
pub(super) fn select_statement(query: &UsageQuery) -> Statement {
    Statement::new(
        "SELECT CAST(NULL AS BIGINT) AS start, agent, model, currency, answers, input_tokens, output_tokens, cost \
         FROM usage WHERE world = ? ORDER BY agent, model, currency LIMIT ?",
    )
    .bind(query.world.as_str())
}
