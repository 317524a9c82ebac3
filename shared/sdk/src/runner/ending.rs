//! How a delivery ends: in exactly one of ack, retry and dead letter.

use std::time::Duration;

use bus::Delivery;
use service_kit::ErrorChain;
use tracing::{debug, warn};

use crate::metrics::DEAD;

/// How a delivery ends.
pub(super) enum Ending {
    /// The world has the outcome, or wants none: ack.
    Done(&'static str),
    /// It is redelivered to any worker after a pause.
    Retry(Duration, &'static str),
    /// It has failed permanently, and an operator should see why.
    DeadLetter(String),
    /// The result was made from a state that has changed since.
    Conflict(String),
}

impl Ending {
    /// Whether the run ended in its world, and not with an outcome of this worker.
    pub(super) fn is_without_outcome(&self) -> bool {
        matches!(self, Self::Done("cancelled" | "over"))
    }

    /// The value of the metric label `outcome`.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Done(outcome) | Self::Retry(_, outcome) => outcome,
            Self::DeadLetter(_) => DEAD,
            Self::Conflict(_) => "stale",
        }
    }
}

/// Ends a delivery, once. If the broker is unavailable, the run is redelivered, and the world
/// answers that it has ended.
pub(super) async fn settle(delivery: Delivery, ending: Ending) {
    let outcome = ending.outcome();
    match ack(delivery, ending).await {
        Ok(()) => debug!(outcome, "attempt ended"),
        Err(error) => warn!(error = %ErrorChain(&error), outcome, "delivery not acknowledged"),
    }
}

async fn ack(delivery: Delivery, ending: Ending) -> Result<(), bus::Error> {
    match ending {
        Ending::Done(_) => delivery.ack().await,
        Ending::Retry(pause, _) => delivery.retry_after(pause).await,
        Ending::DeadLetter(reason) | Ending::Conflict(reason) => {
            warn!(reason, "run stored as a dead letter");
            delivery.reject("invocation", &reason).await
        }
    }
}
