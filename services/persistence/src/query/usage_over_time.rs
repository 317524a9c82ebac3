//! The usage of the agents of a world in each hour or day.

use contract::query::{UsageBucket, UsageOverTimeQuery, UsageRow};
use contract::{Seq, WorldId};

use super::fetch::{UNPAGED_ROWS_MAX, fetch};
use super::page::Page;
use super::record::UsageRecord;
use super::select::Select;
use crate::store::{Error, Statement, Store};

impl Select for UsageOverTimeQuery {
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

/// It ends with the placeholder of a limit. A row of the table is an hour; a day is made of its hours.
pub(super) fn select_statement(query: &UsageOverTimeQuery) -> Statement {
    const ROWS: &str = "FROM usage_hours WHERE world = ? AND hour >= ? AND hour < ?";
    let sql = match query.bucket {
        UsageBucket::Hour => format!(
            "SELECT hour AS start, agent, model, currency, answers, input_tokens, output_tokens, cost \
             {ROWS} ORDER BY hour, agent, model, currency LIMIT ?"
        ),
        UsageBucket::Day => format!(
            "SELECT hour - hour % {day} AS start, agent, model, currency, \
             CAST(sum(answers) AS BIGINT) AS answers, \
             CAST(sum(input_tokens) AS BIGINT) AS input_tokens, \
             CAST(sum(output_tokens) AS BIGINT) AS output_tokens, \
             CAST(sum(cost) AS BIGINT) AS cost \
             {ROWS} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT ?",
            day = UsageBucket::Day.as_ms()
        ),
    };
    Statement::new(sql)
        .bind(query.world.as_str())
        .bind(query.from.as_unix_ms())
        .bind(query.to.as_unix_ms())
}
