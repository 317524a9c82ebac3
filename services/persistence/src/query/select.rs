//! What a query has to implement to be served.

use contract::query::Query;
use contract::{Seq, WorldId};

use super::page::Page;
use crate::store::{self, Store};

/// A query that is answered from the tables.
pub(super) trait Select: Query<Row: Sync> + 'static {
    /// The commit that the rows must include.
    fn wait_for(&self) -> Option<Seq>;

    /// The world that its rows are about; none when they are about all worlds.
    fn world(&self) -> Option<&WorldId>;

    /// Selects its rows.
    fn select(
        &self,
        store: &Store,
    ) -> impl Future<Output = Result<Page<Self::Row>, store::Error>> + Send;
}
