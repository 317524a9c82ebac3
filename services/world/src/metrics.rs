//! Everything that this service measures.

use contract::Reply;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use tokio::time::Instant;

/// The measurements of the world service.
pub(crate) struct Metrics {
    /// Commands that a world accepted or rejected, by outcome.
    commands: Counter<u64>,
    /// Events that were committed.
    pub(crate) events_committed: Counter<u64>,
    /// Appends, by outcome.
    appends: Counter<u64>,
    /// How long an append took, from sending it to its acknowledgement.
    pub(crate) append_seconds: Histogram<f64>,
    /// Worlds that are awake here.
    pub(crate) worlds_awake: UpDownCounter<i64>,
    /// How long it took to wake a world.
    pub(crate) activation_seconds: Histogram<f64>,
    /// Partitions that are served here.
    pub(crate) partitions_served: UpDownCounter<i64>,
    /// Commits that the dispatcher handled, by outcome.
    dispatches: Counter<u64>,
    /// Wakes that were handled.
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
            worlds_awake: meter
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

    pub(crate) fn commands(&self, answered: &Answered) {
        for (outcome, count) in [
            ("accepted", answered.accepted),
            ("rejected", answered.rejected),
        ] {
            if count > 0 {
                self.commands
                    .add(count, &[KeyValue::new("outcome", outcome)]);
            }
        }
    }

    pub(crate) fn append(&self, outcome: &'static str) {
        self.appends.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(crate) fn dispatch(&self, outcome: &'static str) {
        self.dispatches.add(1, &[KeyValue::new("outcome", outcome)]);
    }
}

/// How many commands a world accepted or rejected: counted once a commit.
#[derive(Default)]
pub(crate) struct Answered {
    accepted: u64,
    rejected: u64,
}

impl Answered {
    pub(crate) fn count(&mut self, reply: &Reply) {
        match reply {
            Reply::Accepted(_) => self.accepted += 1,
            Reply::Rejected(_) => self.rejected += 1,
            // What no world looked at is asked again.
            _ => {}
        }
    }
}

/// The measurements of one durable consumer, by its name: `commits` or `wakes`.
pub(crate) struct Carrying {
    labels: [KeyValue; 1],
    /// How long a delivery took to handle.
    duration: Histogram<f64>,
    /// Deliveries that are being handled.
    in_flight: UpDownCounter<i64>,
    /// Deliveries that waited behind the last one that was taken.
    waiting: Gauge<u64>,
}

impl Carrying {
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
            waiting: meter
                .u64_gauge("manyworlds.world.deliveries_waiting")
                .build(),
        }
    }

    /// Measures the handling of a delivery behind which so many wait.
    pub(crate) async fn measure(&self, waiting: u64, handling: impl Future<Output = ()>) {
        self.waiting.record(waiting, &self.labels);
        self.in_flight.add(1, &self.labels);
        let started = Instant::now();
        handling.await;
        let took = started.elapsed().as_secs_f64();
        self.duration.record(took, &self.labels);
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
        Carrying::new("commits").measure(7, handling).await;
        assert_eq!(measured("deliveries_in_flight"), "0");
        assert_eq!(measured("deliveries_waiting"), "7");
        assert_eq!(measured("delivery_duration_seconds_count"), "1");
    }
}
