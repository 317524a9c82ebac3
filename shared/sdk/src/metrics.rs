//! What a worker measures. Labels are closed sets: actions and outcomes.

use opentelemetry::global;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};

/// Bounds of the histograms of seconds: from an echo to the longest turn.
const SECONDS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0,
];

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
                .with_boundaries(SECONDS.to_vec())
                .build(),
            running: meter
                .i64_up_down_counter("manyworlds.worker.running")
                .build(),
            waiting: meter.u64_gauge("manyworlds.worker.waiting").build(),
        }
    }
}
