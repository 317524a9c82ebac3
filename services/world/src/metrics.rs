//! The metrics of this service.

use contract::Reply;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use tokio::time::Instant;

/// The metrics of the world service.
pub(crate) struct Metrics {
    /// Commands that a world accepted or rejected, or had accepted before, by outcome.
    commands: Counter<u64>,
    /// Events that were committed.
    pub(crate) events_committed: Counter<u64>,
    /// Appends, by outcome.
    appends: Counter<u64>,
    /// How long an append took, from sending it to its acknowledgement.
    pub(crate) append_seconds: Histogram<f64>,
    /// The size of a commit.
    pub(crate) commit_bytes: Histogram<u64>,
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
        let number = |name, description| {
            let number = meter.i64_up_down_counter(name);
            number.with_description(description).build()
        };
        let metrics = Self {
            commands: counter("manyworlds.world.commands", "commands, by outcome"),
            events_committed: counter("manyworlds.world.events_committed", "committed events"),
            appends: counter("manyworlds.world.appends", "appends, by outcome"),
            append_seconds: seconds(
                "manyworlds.world.append.duration",
                "appends, from sending one to its acknowledgement",
            ),
            commit_bytes: meter
                .u64_histogram("manyworlds.world.commit.size")
                .with_unit("By")
                .with_description("stored commits")
                .build(),
            worlds_active: number("manyworlds.world.worlds_awake", "active worlds"),
            activation_seconds: seconds(
                "manyworlds.world.activation.duration",
                "activations of worlds",
            ),
            partitions_served: number("manyworlds.world.partitions_served", "served partitions"),
            dispatches: counter(
                "manyworlds.world.dispatches",
                "commits that the dispatcher handled, by outcome",
            ),
            wakes: counter("manyworlds.world.wakes", "schedules that were due"),
        };
        metrics.count_from_zero();
        metrics
    }

    /// Prometheus sees no increase of a counter that begins above zero: faults begin at it.
    fn count_from_zero(&self) {
        for outcome in AppendOutcome::ALL {
            let label = KeyValue::new("outcome", outcome.label());
            self.appends.add(0, &[label]);
        }
        for outcome in DispatchOutcome::ALL {
            let label = KeyValue::new("outcome", outcome.label());
            self.dispatches.add(0, &[label]);
        }
    }

    pub(crate) fn count_commands(&self, outcomes: &CommandOutcomes) {
        for (outcome, count) in [
            ("accepted", outcomes.accepted),
            ("repeated", outcomes.repeated),
            ("rejected", outcomes.rejected),
        ] {
            if count > 0 {
                self.commands
                    .add(count, &[KeyValue::new("outcome", outcome)]);
            }
        }
    }

    pub(crate) fn count_append(&self, outcome: AppendOutcome) {
        let label = KeyValue::new("outcome", outcome.label());
        self.appends.add(1, &[label]);
    }

    pub(crate) fn count_dispatch(&self, outcome: DispatchOutcome) {
        let label = KeyValue::new("outcome", outcome.label());
        self.dispatches.add(1, &[label]);
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

impl AppendOutcome {
    const ALL: [Self; 4] = [
        Self::Stored,
        Self::Conflict,
        Self::StorageFull,
        Self::Unknown,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Conflict => "conflict",
            Self::StorageFull => "storage_full",
            Self::Unknown => "unknown",
        }
    }
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

impl DispatchOutcome {
    const ALL: [Self; 4] = [Self::Nothing, Self::Done, Self::Retried, Self::Rejected];

    fn label(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Done => "done",
            Self::Retried => "retried",
            Self::Rejected => "rejected",
        }
    }
}

/// How many commands a world accepted or rejected, or had accepted before: counted once a commit.
#[derive(Default)]
pub(crate) struct CommandOutcomes {
    accepted: u64,
    repeated: u64,
    rejected: u64,
}

impl CommandOutcomes {
    /// `is_new` is whether the command was not accepted before.
    pub(crate) fn count(&mut self, reply: &Reply, is_new: bool) {
        match reply {
            Reply::Accepted(_) if is_new => self.accepted += 1,
            Reply::Accepted(_) => self.repeated += 1,
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
                .with_description("deliveries, by consumer")
                .build(),
            in_flight: meter
                .i64_up_down_counter("manyworlds.world.deliveries_in_flight")
                .with_description("deliveries that are being handled, by consumer")
                .build(),
            pending: meter
                .u64_gauge("manyworlds.world.deliveries_waiting")
                .with_description("deliveries behind the last one, by consumer")
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
