//! Serves one kind of query: receives, executes and replies, many at the same time.

use std::sync::Arc;

use bus::{IncomingQuery, QueryRequests};
use contract::query::QueryReply;
use service_kit::{CancellationToken, ErrorChain};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, error, info_span, warn};

use super::select::Select;
use crate::archive_state::ArchiveState;

/// Serves the queries of one kind until `shutdown`.
pub(super) async fn serve<Q: Select>(
    state: Arc<ArchiveState>,
    mut queries: QueryRequests<Q>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    loop {
        let incoming = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = running.join_next() => {
                ended?;
                continue;
            }
            incoming = queries.next() => incoming,
        };
        let Some(incoming) = incoming else {
            anyhow::bail!("the query subscription closed");
        };
        spawn_query(&state, incoming, &mut running).await;
    }
    // Queries that have arrived are answered: none of them waits longer than `wait_for_max`.
    if queries.drain().await.is_ok() {
        while let Some(incoming) = queries.next().await {
            spawn_query(&state, incoming, &mut running).await;
        }
    }
    while running.join_next().await.transpose()?.is_some() {}
    Ok(())
}

async fn spawn_query<Q: Select>(
    state: &Arc<ArchiveState>,
    incoming: IncomingQuery<Q>,
    running: &mut JoinSet<()>,
) {
    if running.len() >= state.config.queries_max {
        let busy = unavailable("too many queries at once");
        return incoming.reply.send(&busy).await;
    }
    let span = info_span!("query", query = Q::NAME);
    bus::trace::continue_from(&span, incoming.traceparent.as_deref());
    running.spawn(handle_query(state.clone(), incoming).instrument(span));
}

async fn handle_query<Q: Select>(state: Arc<ArchiveState>, incoming: IncomingQuery<Q>) {
    let metrics = &state.metrics;
    metrics.queries_in_flight.add(1, &[]);
    let started = Instant::now();
    let reply = execute_query(&state, &incoming.query).await;
    let outcome = match &reply {
        QueryReply::Rows { .. } => "rows",
        QueryReply::Unavailable { .. } => "unavailable",
        QueryReply::Invalid { .. } => "invalid",
    };
    incoming.reply.send(&reply).await;
    metrics.record_query(Q::NAME, outcome, started.elapsed());
    metrics.queries_in_flight.add(-1, &[]);
}

async fn execute_query<Q: Select>(state: &ArchiveState, query: &Q) -> QueryReply<Q::Row> {
    if let Err(reason) = state.database.status() {
        return unavailable(&format!("database unavailable: {reason}"));
    }
    if let Some(seq) = query.wait_for()
        && !state.wait_for_commit(seq).await
    {
        let reason = format!("the archive has not reached commit {seq}");
        return unavailable(&reason);
    }
    let Ok(_permit) = state.query_permits.acquire().await else {
        return unavailable("shutting down");
    };
    match query.select(&state.store).await {
        Ok(page) => page.into_reply(),
        Err(error) if error.is_transient() => {
            warn!(query = Q::NAME, error = %ErrorChain(&error), "query failed: database unavailable");
            unavailable("database unavailable: does not respond")
        }
        Err(error) => {
            error!(query = Q::NAME, error = %ErrorChain(&error), "query failed: invalid data");
            unavailable("the database holds invalid data: run `persistence rebuild`")
        }
    }
}

fn unavailable<Row>(reason: &str) -> QueryReply<Row> {
    QueryReply::Unavailable {
        reason: reason.to_owned(),
    }
}
