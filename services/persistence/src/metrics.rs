//! Everything that this service measures.

use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

/// The measurements of the archive.
pub(crate) struct Metrics {
    /// Events that are in the database.
    pub(crate) events_archived: Counter<u64>,
    /// Batches, by outcome.
    batches: Counter<u64>,
    /// How long a batch took, from its rows to its commit.
    pub(crate) batch_seconds: Histogram<f64>,
    /// How far the database is behind the log, in commits of all worlds.
    pub(crate) lag_commits: Gauge<u64>,
    /// Queries that were answered, by name and outcome.
    queries: Counter<u64>,
    /// How long a query took, its wait for a commit included.
    pub(crate) query_seconds: Histogram<f64>,
    /// Queries that are in hand.
    pub(crate) queries_in_hand: UpDownCounter<i64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("persistence");
        let seconds = |name| meter.f64_histogram(name).with_unit("s").build();
        Self {
            events_archived: meter
                .u64_counter("manyworlds.persistence.events_archived")
                .build(),
            batches: meter.u64_counter("manyworlds.persistence.batches").build(),
            batch_seconds: seconds("manyworlds.persistence.batch.duration"),
            lag_commits: meter
                .u64_gauge("manyworlds.persistence.lag_commits")
                .build(),
            queries: meter.u64_counter("manyworlds.persistence.queries").build(),
            query_seconds: seconds("manyworlds.persistence.query.duration"),
            queries_in_hand: meter
                .i64_up_down_counter("manyworlds.persistence.queries_in_hand")
                .build(),
        }
    }

    pub(crate) fn batch(&self, outcome: &'static str) {
        self.batches.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(crate) fn query(&self, name: &'static str, outcome: &'static str) {
        let labels = [
            KeyValue::new("query", name),
            KeyValue::new("outcome", outcome),
        ];
        self.queries.add(1, &labels);
    }
}
