//! Keeps a delivery from being redelivered while its run is in progress.

use std::pin::pin;
use std::time::Duration;

use bus::Delivery;
use contract::run::ACK_WAIT;
use tokio::time::{sleep, timeout};

/// Pause between two in-progress acknowledgements. Two in a row may get lost before the broker
/// redelivers.
const PROGRESS_PAUSE: Duration = Duration::from_millis(ACK_WAIT.as_millis() as u64 / 3);

/// Runs a future to its end, and acknowledges progress to the broker meanwhile.
pub(super) async fn keep_alive<T>(delivery: &Delivery, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(PROGRESS_PAUSE) => {}
        }
        let acknowledge = delivery.in_progress();
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = timeout(PROGRESS_PAUSE, acknowledge) => {}
        }
    }
}
