//! The metrics of this service.

use contract::Reply;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use tokio::time::Instant;

/// The metrics of the world service.
pub(crate) struct Metrics {
    /// Commands that a world accepted or rejected, by outcome.
    commands: Counter<u64>,
    /// Events that were committed.
    pub(crate) events_committed: Counter<u64>,
    /// Appends, by outcome.
    appends: Counter<u64>,
    /// How long an append took, from sending it to its acknowledgement.
    pub(crate) append_seconds: Histogram<f64>,
    /// Worlds that are active here.
    pub(crate) worlds_active: UpDownCounter<i64>,
    /// How long it took to activate a world.
    pub(crate) activation_seconds: Histogram<f64>,
    /// Partitions that are served here.
    pub(crate) partitions_served: UpDownCounter<i64>,
    /// Commits that the dispatcher handled, by outcome.
    dispatches: Counter<u64>,
    /// Wakes of worlds that were handled.
    pub(crate) wakes: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("world");
        Self {
            commands: meter.u64_counter("manyworlds.world.commands").build(),
            events_committed: meter
                .u64_counter("manyworlds.world.events_committed")
                .build(),
            appends: meter.u64_counter("manyworlds.world.appends").build(),
            append_seconds: meter
                .f64_histogram("manyworlds.world.append.duration")
                .with_unit("s")
                .build(),
            worlds_active: meter
                .i64_up_down_counter("manyworlds.world.worlds_awake")
                .build(),
            activation_seconds: meter
                .f64_histogram("manyworlds.world.activation.duration")
                .with_unit("s")
                .build(),
            partitions_served: meter
                .i64_up_down_counter("manyworlds.world.partitions_served")
                .build(),
            dispatches: meter.u64_counter("manyworlds.world.dispatches").build(),
            wakes: meter.u64_counter("manyworlds.world.wakes").build(),
        }
    }

    pub(crate) fn count_commands(&self, outcomes: &CommandOutcomes) {
        for (outcome, count) in [
            ("accepted", outcomes.accepted),
            ("rejected", outcomes.rejected),
        ] {
            if count > 0 {
                self.commands
                    .add(count, &[KeyValue::new("outcome", outcome)]);
            }
        }
    }

    pub(crate) fn count_append(&self, outcome: AppendOutcome) {
        let outcome = match outcome {
            AppendOutcome::Stored => "stored",
            AppendOutcome::Conflict => "conflict",
            AppendOutcome::StorageFull => "storage_full",
            AppendOutcome::Unknown => "unknown",
        };
        self.appends.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(crate) fn count_dispatch(&self, outcome: DispatchOutcome) {
        let outcome = match outcome {
            DispatchOutcome::Nothing => "nothing",
            DispatchOutcome::Done => "done",
            DispatchOutcome::Retried => "retried",
            DispatchOutcome::Rejected => "rejected",
        };
        self.dispatches.add(1, &[KeyValue::new("outcome", outcome)]);
    }
}

/// How an append ended.
#[derive(Clone, Copy)]
pub(crate) enum AppendOutcome {
    Stored,
    /// Another writer has appended to the log.
    Conflict,
    /// The storage of the log is full.
    StorageFull,
    /// It is not known whether the commit is in the log.
    Unknown,
}

/// What the dispatcher did with a commit.
#[derive(Clone, Copy)]
pub(crate) enum DispatchOutcome {
    /// It requested no work.
    Nothing,
    Done,
    /// It will be delivered again.
    Retried,
    /// It was stored as a dead letter.
    Rejected,
}

/// How many commands a world accepted or rejected: counted once a commit.
#[derive(Default)]
pub(crate) struct CommandOutcomes {
    accepted: u64,
    rejected: u64,
}

impl CommandOutcomes {
    pub(crate) fn count(&mut self, reply: &Reply) {
        match reply {
            Reply::Accepted(_) => self.accepted += 1,
            Reply::Rejected(_) => self.rejected += 1,
            // A command that was not decided is sent again.
            _ => {}
        }
    }
}

/// The metrics of one durable consumer, by its name: `commits` or `wakes`.
pub(crate) struct ConsumerMetrics {
    labels: [KeyValue; 1],
    /// How long a delivery took to handle.
    duration: Histogram<f64>,
    /// Deliveries that are being handled.
    in_flight: UpDownCounter<i64>,
    /// Deliveries that were pending behind the last one that was received.
    pending: Gauge<u64>,
}

impl ConsumerMetrics {
    pub(crate) fn new(consumer: &'static str) -> Self {
        let meter = global::meter("world");
        Self {
            labels: [KeyValue::new("consumer", consumer)],
            duration: meter
                .f64_histogram("manyworlds.world.delivery.duration")
                .with_unit("s")
                .build(),
            in_flight: meter
                .i64_up_down_counter("manyworlds.world.deliveries_in_flight")
                .build(),
            pending: meter
                .u64_gauge("manyworlds.world.deliveries_waiting")
                .build(),
        }
    }

    /// Measures the handling of a delivery with so many pending behind it.
    pub(crate) async fn measure(&self, pending: u64, handling: impl Future<Output = ()>) {
        self.pending.record(pending, &self.labels);
        self.in_flight.add(1, &self.labels);
        let started = Instant::now();
        handling.await;
        let seconds = started.elapsed().as_secs_f64();
        self.duration.record(seconds, &self.labels);
        self.in_flight.add(-1, &self.labels);
    }
}

#[cfg(test)]
mod tests {
    use service_kit::telemetry;

    use super::*;

    #[tokio::test]
    async fn a_delivery_is_measured() {
        telemetry::init_metrics();
        let measured = |name: &str| {
            let text = telemetry::metrics_text().unwrap();
            let start = format!("manyworlds_world_{name}{{consumer=\"commits\"");
            let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
            line.rsplit(' ').next().unwrap().to_owned()
        };
        let handling = async { assert_eq!(measured("deliveries_in_flight"), "1") };
        ConsumerMetrics::new("commits").measure(7, handling).await;
        assert_eq!(measured("deliveries_in_flight"), "0");
        assert_eq!(measured("deliveries_waiting"), "7");
        assert_eq!(measured("delivery_duration_seconds_count"), "1");
    }
}
