//! Everything that this service measures.

use contract::Reply;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};

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
