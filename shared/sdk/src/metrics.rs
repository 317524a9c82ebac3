//! The metrics of a worker. Labels are closed sets: actions and outcomes.

use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

/// The metrics of a worker.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Attempts that ended, by `action` and `outcome`.
    pub(crate) attempts: Counter<u64>,
    /// Duration of an attempt, by `action`.
    pub(crate) duration: Histogram<f64>,
    /// Attempts in progress, by `action`.
    pub(crate) running: UpDownCounter<i64>,
    /// Runs that waited in the queue at the last delivery, by `action`.
    pub(crate) waiting: Gauge<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("agent-worker");
        Self {
            attempts: meter.u64_counter("manyworlds.worker.attempts").build(),
            duration: meter
                .f64_histogram("manyworlds.worker.attempt.duration")
                .with_unit("s")
                .build(),
            running: meter
                .i64_up_down_counter("manyworlds.worker.running")
                .build(),
            waiting: meter.u64_gauge("manyworlds.worker.waiting").build(),
        }
    }
}
