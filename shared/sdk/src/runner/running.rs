//! The runs in progress, and how they are cancelled.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Bus;
use contract::RunId;
use futures::StreamExt;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

/// Pause before the next subscription, when NATS is unavailable.
const SUBSCRIBE_PAUSE: Duration = Duration::from_millis(250);

/// Cancelled runs that are remembered: one that is cancelled while it waits in the work queue is not begun.
const CANCELLED_MAX: usize = 1024;

/// The runs in progress in this process.
#[derive(Default)]
pub(crate) struct RunningRuns {
    runs: Mutex<Runs>,
}

#[derive(Default)]
struct Runs {
    tokens: HashMap<RunId, CancellationToken>,
    /// Of no run in progress, oldest first.
    cancelled: VecDeque<RunId>,
}

impl RunningRuns {
    /// Registers a run; `None` when it is in progress here already, by an earlier delivery.
    pub(super) fn register(&self, run: RunId) -> Option<RunGuard<'_>> {
        let mut runs = self.lock();
        let is_cancelled = runs.cancelled.contains(&run);
        match runs.tokens.entry(run) {
            Entry::Occupied(_) => None,
            Entry::Vacant(vacant) => {
                let cancellation = CancellationToken::new();
                if is_cancelled {
                    cancellation.cancel();
                }
                vacant.insert(cancellation.clone());
                Some(RunGuard {
                    runs: self,
                    run,
                    cancellation,
                })
            }
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().tokens.len()
    }

    fn cancel(&self, run: RunId) {
        let mut runs = self.lock();
        if let Some(token) = runs.tokens.get(&run) {
            return token.cancel();
        }
        if runs.cancelled.len() == CANCELLED_MAX {
            runs.cancelled.pop_front();
        }
        runs.cancelled.push_back(run);
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.runs.lock().tokens.remove(&self.run);
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

#[cfg(test)]
mod tests {
    use contract::CommandId;

    use super::*;

    fn run() -> RunId {
        CommandId::new().event(0).run()
    }

    #[test]
    fn a_run_that_was_cancelled_before_its_delivery_is_not_begun() {
        let runs = RunningRuns::default();
        let (cancelled, other) = (run(), run());
        runs.cancel(cancelled);
        let guard = runs.register(cancelled).unwrap();
        assert!(guard.cancellation.is_cancelled());
        let guard = runs.register(other).unwrap();
        assert!(!guard.cancellation.is_cancelled());
        runs.cancel(other);
        assert!(guard.cancellation.is_cancelled());
    }

    #[test]
    fn cancelled_runs_are_remembered_up_to_a_bound() {
        let runs = RunningRuns::default();
        let first = run();
        runs.cancel(first);
        for _ in 0..CANCELLED_MAX {
            runs.cancel(run());
        }
        assert_eq!(runs.lock().cancelled.len(), CANCELLED_MAX);
        let guard = runs.register(first).unwrap();
        assert!(!guard.cancellation.is_cancelled());
    }
}
