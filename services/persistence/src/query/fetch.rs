//! What the statements of several queries have in common.

use contract::Position;

use crate::store::{Error, Record, Statement, Store};

/// The most rows of a list without pages: more do not fit in one reply.
pub(super) const UNPAGED_ROWS_MAX: usize = 20_000;

/// Appends SQL with two placeholders for a position.
pub(super) fn push_position(statement: &mut Statement, sql: &str, position: Position) {
    statement.push(sql);
    statement.push_bind(position.seq);
    statement.push_bind(position.index);
}

/// Fetches at most `limit` rows. The statement ends with the placeholder of a limit.
pub(super) async fn fetch<T, Row>(
    store: &Store,
    mut statement: Statement,
    limit: usize,
) -> Result<Vec<Row>, Error>
where
    T: Record,
    Row: TryFrom<T, Error = Error>,
{
    statement.push_bind(limit as u64);
    let records: Vec<T> = store.fetch(statement).await?;
    records.into_iter().map(Row::try_from).collect()
}
