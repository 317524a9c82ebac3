//! Queries: asked on the bus, answered from the tables by every replica.

mod page;
mod select;

use std::sync::Arc;

use bus::{IncomingQuery, QueryRequests};
use contract::Seq;
use contract::query::{
    ChatsQuery, EventsQuery, MessagesQuery, Query, QueryReply, UsageQuery, WorldsQuery,
};
use service_kit::{CancellationToken, ErrorChain, Tasks};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, info_span};

use self::page::Rows;
use crate::shared::Shared;
use crate::store::{self, Store};

/// A query that the tables can answer.
trait Select: Query<Row: Sync> + 'static {
    /// The commit that the answer must include.
    fn wait_for(&self) -> Option<Seq>;

    /// The rows.
    fn select(
        &self,
        store: &Store,
    ) -> impl Future<Output = Result<Rows<Self::Row>, store::Error>> + Send;
}

/// Serves every kind of query.
pub(crate) async fn serve_all(shared: &Arc<Shared>, tasks: &mut Tasks) -> Result<(), bus::Error> {
    let bus = &shared.bus;
    let shutdown = tasks.shutdown();
    macro_rules! serve {
        ($($query:ty),*) => {$(
            let queries = bus.responder().subscribe_queries::<$query>().await?;
            tasks.spawn(<$query>::NAME, serve(shared.clone(), queries, shutdown.clone()));
        )*};
    }
    serve!(
        WorldsQuery,
        ChatsQuery,
        MessagesQuery,
        EventsQuery,
        UsageQuery
    );
    Ok(())
}

async fn serve<Q: Select>(
    shared: Arc<Shared>,
    mut queries: QueryRequests<Q>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut answering = JoinSet::new();
    loop {
        let asked = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = answering.join_next() => {
                ended?;
                continue;
            }
            asked = queries.next() => asked,
        };
        let Some(asked) = asked else {
            anyhow::bail!("the connection closed");
        };
        hand_over(&shared, asked, &mut answering).await;
    }
    // What came before is answered: none of it waits longer than `wait_for_max`.
    if queries.drain().await.is_ok() {
        while let Some(asked) = queries.next().await {
            hand_over(&shared, asked, &mut answering).await;
        }
    }
    while answering.join_next().await.transpose()?.is_some() {}
    Ok(())
}

async fn hand_over<Q: Select>(
    shared: &Arc<Shared>,
    asked: IncomingQuery<Q>,
    answering: &mut JoinSet<()>,
) {
    if answering.len() >= shared.config.queries_max {
        let busy = unavailable("too many queries at once");
        return asked.reply.send(&busy).await;
    }
    let span = info_span!("query", query = Q::NAME);
    bus::trace::continue_from(&span, asked.traceparent.as_deref());
    answering.spawn(answer(shared.clone(), asked).instrument(span));
}

async fn answer<Q: Select>(shared: Arc<Shared>, asked: IncomingQuery<Q>) {
    let metrics = &shared.metrics;
    metrics.queries_in_hand.add(1, &[]);
    let started = Instant::now();
    let answer = answer_to(&shared, &asked.query).await;
    let outcome = match &answer {
        QueryReply::Rows { .. } => "rows",
        QueryReply::Unavailable { .. } => "unavailable",
        QueryReply::Invalid { .. } => "invalid",
    };
    asked.reply.send(&answer).await;
    metrics.query(Q::NAME, outcome);
    metrics
        .query_seconds
        .record(started.elapsed().as_secs_f64(), &[]);
    metrics.queries_in_hand.add(-1, &[]);
}

async fn answer_to<Q: Select>(shared: &Shared, query: &Q) -> QueryReply<Q::Row> {
    if let Err(reason) = shared.database.now() {
        return unavailable(&format!("the database is away: {reason}"));
    }
    if let Some(seq) = query.wait_for()
        && !shared.wait_for(seq).await
    {
        let reason = format!("the archive has not come as far as commit {seq}");
        return unavailable(&reason);
    }
    let Ok(_permit) = shared.at_database.acquire().await else {
        return unavailable("shutting down");
    };
    match query.select(&shared.store).await {
        Ok(rows) => rows.into_answer(),
        Err(error) if error.is_transient() => {
            tracing::warn!(query = Q::NAME, error = %ErrorChain(&error), "query not answered");
            unavailable("the database is away: it does not answer")
        }
        Err(error) => {
            tracing::error!(query = Q::NAME, error = %ErrorChain(&error), "query not understood");
            unavailable("the database holds what makes no sense: run `persistence rebuild`")
        }
    }
}

fn unavailable<Row>(reason: &str) -> QueryReply<Row> {
    QueryReply::Unavailable {
        reason: reason.to_owned(),
    }
}
