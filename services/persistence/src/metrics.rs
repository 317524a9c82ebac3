//! The metrics of this service.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

pub(crate) struct Metrics {
    /// Events that were stored in the database.
    pub(crate) events_archived: Counter<u64>,
    /// Batches, by outcome.
    batches: Counter<u64>,
    /// How long it took to decode and store a batch.
    batch_seconds: Histogram<f64>,
    /// How many commits of all worlds the database is behind the log.
    pub(crate) lag_commits: Gauge<u64>,
    /// Queries that were answered, by name and outcome.
    queries: Counter<u64>,
    /// How long a query took, including its wait for a commit.
    query_seconds: Histogram<f64>,
    /// Queries that have arrived and are not answered yet.
    pub(crate) queries_in_flight: UpDownCounter<i64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("persistence");
        let counter = |name, description| {
            meter
                .u64_counter(name)
                .with_description(description)
                .build()
        };
        let seconds = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            histogram.with_description(description).build()
        };
        let metrics = Self {
            events_archived: counter("manyworlds.persistence.events_archived", "stored events"),
            batches: counter("manyworlds.persistence.batches", "batches, by outcome"),
            batch_seconds: seconds(
                "manyworlds.persistence.batch.duration",
                "batches, decoding included",
            ),
            lag_commits: meter
                .u64_gauge("manyworlds.persistence.lag_commits")
                .with_description("commits that the database does not hold yet")
                .build(),
            queries: counter(
                "manyworlds.persistence.queries",
                "queries, by name and outcome",
            ),
            query_seconds: seconds(
                "manyworlds.persistence.query.duration",
                "queries, the wait for a commit included",
            ),
            queries_in_flight: meter
                .i64_up_down_counter("manyworlds.persistence.queries_in_hand")
                .with_description("queries that are not answered yet")
                .build(),
        };
        // Prometheus sees no increase of a counter that begins above zero: faults begin at it.
        for outcome in ["stored", "conflict", "failed"] {
            metrics.batches.add(0, &[KeyValue::new("outcome", outcome)]);
        }
        metrics
    }

    pub(crate) fn record_batch(&self, outcome: &'static str, duration: Duration) {
        self.batches.add(1, &[KeyValue::new("outcome", outcome)]);
        self.batch_seconds.record(duration.as_secs_f64(), &[]);
    }

    pub(crate) fn record_query(
        &self,
        name: &'static str,
        outcome: &'static str,
        duration: Duration,
    ) {
        let labels = [
            KeyValue::new("query", name),
            KeyValue::new("outcome", outcome),
        ];
        self.queries.add(1, &labels);
        self.query_seconds.record(duration.as_secs_f64(), &[]);
    }
}
