//! Consumes runs from the work queue and executes them.
//!
//! Start with `consumer.rs` (how many runs are taken), then `executor.rs` (how one is executed), and
//! `ending.rs`: each delivery ends in exactly one of ack, retry and dead letter.

mod bindings;
mod consumer;
mod ending;
mod executor;
mod interrupted;
mod keep_alive;
#[cfg(feature = "testing")]
mod memory_consumer;
mod outcome;
mod running;

pub(crate) use bindings::Bindings;
pub(crate) use consumer::RunConsumer;
pub(crate) use executor::Executor;
#[cfg(feature = "testing")]
pub(crate) use memory_consumer::execute_waiting;
pub(crate) use running::{RunningRuns, watch_cancellations};
