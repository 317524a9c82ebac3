//! Serves one kind of query: receives, executes and replies, many at the same time.

use std::sync::Arc;
use std::time::Duration;

use bus::{IncomingQuery, QueryRequests};
use contract::query::QueryReply;
use contract::subject;
use service_kit::{CancellationToken, ErrorChain, spans};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, error, warn};

use super::select::Select;
use crate::archive_state::{ArchiveState, DISK_FULL, MALFORMED};
use crate::store;

/// A query that waits longer for its turn is not executed: its client is about to give up.
const PERMIT_WAIT_MAX: Duration = Duration::from_secs(2);

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
    let span = spans::request(subject::QUERY_TEMPLATE);
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
    if let Err(reason) = check_ready(state, query).await {
        return unavailable(&reason);
    }
    let generation = state.checkpoint().generation;
    let permit = tokio::time::timeout(PERMIT_WAIT_MAX, state.query_permits.acquire());
    let Ok(_permit) = permit.await else {
        return unavailable("busy: too many queries at once");
    };
    let selected = async {
        let page = query.select(&state.store).await?;
        // A rebuild may have begun after the check above: then rows are missing.
        let checkpoint = state.store.checkpoint().await?;
        let is_complete = checkpoint.generation == generation
            && !checkpoint.is_rebuilding()
            && !checkpoint.is_rebuilding_world(query.world());
        Ok::<_, store::Error>(is_complete.then_some(page))
    };
    match selected.await {
        Ok(Some(page)) => page.into_reply(),
        Ok(None) => unavailable("rebuilding: it has just begun"),
        Err(error) => {
            if error.is_malformed() {
                // Readiness, and other queries, are to know it too.
                state.set_malformed(true);
            }
            failed::<Q>(&error)
        }
    }
}

/// Whether the tables hold what the query needs; otherwise the state of the archive.
async fn check_ready<Q: Select>(state: &ArchiveState, query: &Q) -> Result<(), String> {
    if let Err(reason) = state.database.status() {
        return Err(format!("database unavailable: {reason}"));
    }
    state.archive.status()?;
    if state.checkpoint().is_rebuilding_world(query.world()) {
        return Err(match query.world() {
            Some(world) => format!("rebuilding: the world {world}"),
            None => "rebuilding: some worlds".to_owned(),
        });
    }
    if let Some(seq) = query.wait_for()
        && !state.wait_for_commit(seq).await
    {
        let behind = format!("behind: the archive has not reached commit {seq}");
        return Err(match state.storage.status() {
            Ok(()) => behind,
            Err(reason) => format!("{behind}: {reason}"),
        });
    }
    // It may have changed meanwhile.
    state.archive.status()
}

fn failed<Q: Select>(error: &store::Error) -> QueryReply<Q::Row> {
    if error.is_transient() {
        warn!(query = Q::NAME, error = %ErrorChain(error), "query failed: database unavailable");
        let reason = match error {
            error if error.is_malformed() => MALFORMED,
            error if error.is_disk_full() => DISK_FULL,
            _ => "does not respond",
        };
        return unavailable(&format!("database unavailable: {reason}"));
    }
    error!(query = Q::NAME, error = %ErrorChain(error), "query failed: invalid data");
    unavailable("the database holds invalid data: run `manyworlds rebuild`")
}

fn unavailable<Row>(reason: &str) -> QueryReply<Row> {
    QueryReply::Unavailable {
        reason: reason.to_owned(),
    }
}
