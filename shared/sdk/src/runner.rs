//! The runner: takes invocations as there are places for them, and ends each delivery in exactly
//! one of ack, retry and dead letter.

mod attempt;
mod complete;
pub(crate) mod running;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, Delivery, Pulls};
use contract::ActionName;
use opentelemetry::KeyValue;
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use crate::metrics::Metrics;
use crate::{Action, Config};
use running::RunningNow;

/// Pause before the queue is opened again, while NATS is away.
const OPEN_PAUSE: Duration = Duration::from_millis(250);
/// How long a run may take to end once it is given back.
const GIVE_BACK_TIMEOUT: Duration = Duration::from_secs(2);

/// What all actions of a worker share.
pub(crate) struct Runner {
    config: Config,
    bus: Bus,
    bindings: Bindings,
    metrics: Metrics,
    running: RunningNow,
    /// Cancelled when what still runs goes to other workers.
    give_back: CancellationToken,
}

impl Runner {
    pub(crate) fn new(config: Config, bus: Bus, bindings: Bindings, metrics: Metrics) -> Self {
        Self {
            config,
            bus,
            bindings,
            metrics,
            running: RunningNow::default(),
            give_back: CancellationToken::new(),
        }
    }

    /// Runs the invocations of one action until shutdown, then ends what it holds.
    pub(crate) async fn offer(
        self: Arc<Self>,
        action: Arc<dyn Action>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let slots = Arc::new(Semaphore::new(self.config.slots_max.max(1)));
        let mut tasks = JoinSet::new();
        while !shutdown.is_cancelled() {
            let opened = tokio::select! {
                opened = self.open(action.name()) => opened,
                () = shutdown.cancelled() => break,
            };
            let reason = match opened {
                Ok(pulls) => {
                    self.bindings.set(action.name(), None);
                    let take = self.take(&action, pulls, &slots, &mut tasks, &shutdown);
                    take.await
                }
                Err(error) => Some(error),
            };
            if let Some(error) = reason {
                let reason = ErrorChain(&error).to_string();
                warn!(action.name = %action.name(), error = %reason, "invocations can't be taken");
                self.bindings.set(action.name(), Some(reason));
                tokio::select! {
                    () = tokio::time::sleep(OPEN_PAUSE) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
        self.drain(tasks).await;
        Ok(())
    }

    async fn open(&self, action: &ActionName) -> Result<Pulls, bus::Error> {
        self.bus.invocations(action).await?.pulls().await
    }

    /// Starts a task for each delivery; returns at shutdown, or why no more can be taken.
    async fn take(
        self: &Arc<Self>,
        action: &Arc<dyn Action>,
        mut pulls: Pulls,
        slots: &Arc<Semaphore>,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> Option<bus::Error> {
        let labels: Arc<[KeyValue]> = [KeyValue::new("action", action.name().to_string())].into();
        let reason = loop {
            while let Some(ended) = tasks.try_join_next() {
                if let Err(panic) = ended {
                    error!(action.name = %action.name(), error = %ErrorChain(&panic), "the runner panicked");
                }
            }
            let taken = tokio::select! {
                biased;
                () = shutdown.cancelled() => break None,
                taken = next(&mut pulls, slots) => taken,
            };
            match taken {
                Ok((delivery, place)) => {
                    let (runner, action) = (Arc::clone(self), Arc::clone(action));
                    let labels = Arc::clone(&labels);
                    tasks.spawn(async move {
                        runner.handle(&*action, delivery, &labels).await;
                        drop(place);
                    });
                }
                Err(error) => break Some(error),
            }
        };
        for delivery in pulls.close().await {
            give_back(delivery).await;
        }
        reason
    }

    /// Waits for what runs, within the grace period; the rest is given to other workers.
    async fn drain(&self, mut tasks: JoinSet<()>) {
        let grace = self.config.shutdown_grace;
        if timeout(grace, join(&mut tasks)).await.is_err() {
            info!(runs = tasks.len(), "runs are given to other workers");
            self.give_back.cancel();
            let _ = timeout(GIVE_BACK_TIMEOUT, join(&mut tasks)).await;
        }
        // Without this, the last acknowledgements may still be in this process.
        let _ = timeout(GIVE_BACK_TIMEOUT, self.bus.flush()).await;
    }
}

async fn join(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// Waits for a place, then for a delivery to fill it.
async fn next(
    pulls: &mut Pulls,
    slots: &Arc<Semaphore>,
) -> Result<(Delivery, Option<OwnedSemaphorePermit>), bus::Error> {
    // The semaphore is never closed, so there always is a permit.
    let place = Arc::clone(slots).acquire_owned().await.ok();
    let delivery = pulls.next(1 + slots.available_permits()).await?;
    Ok((delivery, place))
}

async fn give_back(delivery: Delivery) {
    if let Err(error) = delivery.retry_after(Duration::ZERO).await {
        debug!(error = %ErrorChain(&error), "a delivery is not given back: it comes again later");
    }
}

/// Which actions are bound to their queue, and why the others are not. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bindings {
    problems: Arc<Mutex<BTreeMap<ActionName, Option<String>>>>,
}

impl Bindings {
    pub(crate) fn new<'a>(actions: impl Iterator<Item = &'a ActionName>) -> Self {
        let unbound = |action: &ActionName| (action.clone(), Some("not bound yet".to_owned()));
        Self {
            problems: Arc::new(Mutex::new(actions.map(unbound).collect())),
        }
    }

    fn set(&self, action: &ActionName, problem: Option<String>) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(action.clone(), problem);
    }

    /// The first action that is not bound, and why.
    pub(crate) fn problem(&self) -> Option<String> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems
            .iter()
            .find_map(|(action, problem)| Some(format!("{action}: {}", problem.as_ref()?)))
    }
}
