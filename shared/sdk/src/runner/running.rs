//! The runs in progress, and how they are cancelled.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Bus;
use contract::RunId;
use futures::StreamExt;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

/// Pause before the next subscription, when NATS is unavailable.
const SUBSCRIBE_PAUSE: Duration = Duration::from_millis(250);

/// The runs in progress in this process.
#[derive(Default)]
pub(crate) struct RunningRuns {
    tokens: Mutex<HashMap<RunId, CancellationToken>>,
}

impl RunningRuns {
    /// Registers a run; `None` when it is in progress here already, by an earlier delivery.
    pub(super) fn register(&self, run: RunId) -> Option<RunGuard<'_>> {
        match self.tokens().entry(run) {
            Entry::Occupied(_) => None,
            Entry::Vacant(vacant) => {
                let cancellation = CancellationToken::new();
                vacant.insert(cancellation.clone());
                Some(RunGuard {
                    runs: self,
                    run,
                    cancellation,
                })
            }
        }
    }

    fn cancel(&self, run: RunId) {
        if let Some(token) = self.tokens().get(&run) {
            token.cancel();
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<RunId, CancellationToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registered run; dropping it removes the run.
pub(super) struct RunGuard<'a> {
    runs: &'a RunningRuns,
    run: RunId,
    /// Cancelled when the world cancels the run.
    pub(super) cancellation: CancellationToken,
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        self.runs.tokens().remove(&self.run);
    }
}

/// Cancels the runs that their worlds cancel; it does not return. A cancellation that is missed
/// while NATS is unavailable only wastes work: the world rejects the result.
pub(crate) async fn watch_cancellations(bus: &Bus, runs: &RunningRuns) {
    loop {
        match bus.signals().subscribe_cancellations().await {
            Ok(cancelled) => {
                let cancel = async |run| runs.cancel(run);
                cancelled.for_each(cancel).await;
            }
            Err(error) => {
                warn!(error = %ErrorChain(&error), "cancellation subscription unavailable");
            }
        }
        tokio::time::sleep(SUBSCRIBE_PAUSE).await;
    }
}
