//! The metrics of a worker. Labels are closed sets: actions and outcomes.

use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use opentelemetry::{KeyValue, global};

/// The outcome of an attempt whose run became a dead letter.
pub(crate) const DEAD: &str = "dead";

/// The metrics of a worker.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Attempts that ended, by `action` and `outcome`.
    pub(crate) attempts: Counter<u64>,
    /// Duration of an attempt, by `action`.
    pub(crate) duration: Histogram<f64>,
    /// How long a run waited in the queue for its first attempt, by `action`.
    pub(crate) queued: Histogram<f64>,
    /// Runs that were delivered again, by `action`.
    pub(crate) redeliveries: Counter<u64>,
    /// Attempts in progress, by `action`.
    pub(crate) running: UpDownCounter<i64>,
    /// Runs that waited in the queue at the last delivery, by `action`.
    pub(crate) waiting: Gauge<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("agent-worker");
        Self {
            attempts: meter
                .u64_counter("manyworlds.worker.attempts")
                .with_description("attempts at runs that ended, by action and outcome")
                .build(),
            duration: meter
                .f64_histogram("manyworlds.worker.attempt.duration")
                .with_unit("s")
                .with_description("attempts at runs, by action")
                .build(),
            queued: meter
                .f64_histogram("manyworlds.worker.queue.duration")
                .with_unit("s")
                .with_description("time of runs in the queue before their first attempt, by action")
                .build(),
            redeliveries: meter
                .u64_counter("manyworlds.worker.redeliveries")
                .with_description("runs that were delivered again, by action")
                .build(),
            running: meter
                .i64_up_down_counter("manyworlds.worker.running")
                .with_description("attempts in progress, by action")
                .build(),
            waiting: meter
                .u64_gauge("manyworlds.worker.waiting")
                .with_description("runs behind the last one in the queue, by action")
                .build(),
        }
    }

    /// Counts the dead letters of an action from zero on: Prometheus sees no increase of a counter that begins above
    /// it.
    pub(crate) fn count_from_zero(&self, action: &KeyValue) {
        let outcome = KeyValue::new("outcome", DEAD);
        self.redeliveries.add(0, std::slice::from_ref(action));
        self.attempts.add(0, &[action.clone(), outcome]);
    }
}
