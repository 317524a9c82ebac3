//! What runs now, and how it is called off.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::RunId;
use futures::StreamExt;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use super::Runner;

/// Pause before listening again, when NATS could not be told.
const LISTEN_PAUSE: Duration = Duration::from_millis(250);

/// The invocations that run in this process.
#[derive(Default)]
pub(crate) struct RunningNow {
    tokens: Mutex<HashMap<RunId, CancellationToken>>,
}

impl RunningNow {
    /// Notes that a run begins; `None` when it runs here already, by an earlier delivery.
    pub(super) fn enter(&self, invocation: RunId) -> Option<Entered<'_>> {
        match self.tokens().entry(invocation) {
            Entry::Occupied(_) => None,
            Entry::Vacant(vacant) => {
                let token = CancellationToken::new();
                vacant.insert(token.clone());
                Some(Entered {
                    now: self,
                    invocation,
                    token,
                })
            }
        }
    }

    fn cancel(&self, invocation: RunId) {
        if let Some(token) = self.tokens().get(&invocation) {
            token.cancel();
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<RunId, CancellationToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run, until this is dropped.
pub(super) struct Entered<'a> {
    now: &'a RunningNow,
    invocation: RunId,
    /// Cancelled when the run is called off.
    pub(super) token: CancellationToken,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.now.tokens().remove(&self.invocation);
    }
}

/// Calls off the runs that their worlds cancel; it does not return. What is not heard, while NATS
/// is away, only costs work: the world refuses the result.
pub(crate) async fn hear_cancellations(runner: Arc<Runner>) {
    loop {
        match runner.bus.cancelled().await {
            Ok(cancelled) => {
                let cancel = async |invocation| runner.running.cancel(invocation);
                cancelled.for_each(cancel).await;
            }
            Err(error) => warn!(error = %ErrorChain(&error), "cancellations are not heard"),
        }
        tokio::time::sleep(LISTEN_PAUSE).await;
    }
}
