//! What a worker measures. Labels are closed sets: actions and outcomes.

use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

/// The measurements of a worker.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Attempts that ended, by `action` and `outcome`.
    pub(crate) ended: Counter<u64>,
    /// How long an attempt took, by `action`.
    pub(crate) duration: Histogram<f64>,
    /// Attempts that run now, by `action`.
    pub(crate) running: UpDownCounter<i64>,
    /// Invocations that waited in the queue when the last one was taken, by `action`.
    pub(crate) waiting: Gauge<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("agent-worker");
        Self {
            ended: meter.u64_counter("manyworlds.worker.attempts").build(),
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
