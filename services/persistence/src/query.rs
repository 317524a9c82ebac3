//! Queries: they arrive on the bus, and every replica answers them from the tables.

mod chats;
mod events;
mod fetch;
mod history;
mod interaction_record;
mod interactions;
mod messages;
mod page;
#[cfg(test)]
mod plans;
mod record;
mod select;
mod server;
mod sessions;
mod usage;
mod usage_over_time;
mod worlds;

use std::sync::Arc;

use contract::query::{
    ChatsQuery, EventsQuery, HistoryQuery, InteractionsQuery, MessagesQuery, Query, SessionsQuery,
    UsageOverTimeQuery, UsageQuery, WorldsQuery,
};
use service_kit::Tasks;

use crate::archive_state::ArchiveState;

/// Serves every kind of query.
pub(crate) async fn serve_all(
    state: &Arc<ArchiveState>,
    tasks: &mut Tasks,
) -> Result<(), bus::Error> {
    let bus = &state.bus;
    let shutdown = tasks.shutdown();
    macro_rules! serve {
        ($($query:ty),*) => {$(
            let queries = bus.responder().subscribe_queries::<$query>().await?;
            let serving = server::serve(state.clone(), queries, shutdown.clone());
            tasks.spawn(<$query>::NAME, serving);
        )*};
    }
    serve!(
        WorldsQuery,
        ChatsQuery,
        MessagesQuery,
        HistoryQuery,
        EventsQuery,
        UsageQuery,
        UsageOverTimeQuery,
        InteractionsQuery,
        SessionsQuery
    );
    Ok(())
}
