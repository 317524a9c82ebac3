//! Takes the runs of one action from the work queue, as long as slots are free.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Delivery, PullSubscription};
use opentelemetry::KeyValue;
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::bindings::Bindings;
use super::executor::Executor;
use crate::action::Action;
use crate::config::Config;

/// Pause before the queue is bound again, when NATS is unavailable.
const BIND_PAUSE: Duration = Duration::from_millis(250);
/// Timeout for requeuing the runs in progress, and for the flush after it.
const REQUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// Consumes the runs of one action.
pub(crate) struct RunConsumer {
    action: Arc<dyn Action>,
    executor: Arc<Executor>,
    bus: Bus,
    bindings: Bindings,
    slots: Arc<Semaphore>,
    shutdown_grace: Duration,
}

impl RunConsumer {
    pub(crate) fn new(
        config: &Config,
        action: Arc<dyn Action>,
        executor: Arc<Executor>,
        bus: Bus,
        bindings: Bindings,
    ) -> Self {
        Self {
            action,
            executor,
            bus,
            bindings,
            slots: Arc::new(Semaphore::new(config.slots_max.max(1))),
            shutdown_grace: config.shutdown_grace,
        }
    }

    /// Consumes runs until shutdown, then waits for those in progress.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let name = self.action.name();
        let mut tasks = JoinSet::new();
        while !shutdown.is_cancelled() {
            let bound = tokio::select! {
                bound = self.bind() => bound,
                () = shutdown.cancelled() => break,
            };
            let failure = match bound {
                Ok(pulls) => {
                    self.bindings.set_bound(name);
                    self.consume(pulls, &mut tasks, &shutdown).await
                }
                Err(error) => Some(error),
            };
            if let Some(error) = failure {
                let reason = ErrorChain(&error).to_string();
                warn!(action.name = %name, error = %reason, "work queue unavailable");
                self.bindings.set_unbound(name, reason);
                tokio::select! {
                    () = tokio::time::sleep(BIND_PAUSE) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
        self.drain(tasks).await;
        Ok(())
    }

    async fn bind(&self) -> Result<PullSubscription, bus::Error> {
        self.bus
            .work_queue()
            .run_consumer(self.action.name())
            .await?
            .pull()
            .await
    }

    /// Spawns a task for each delivery. Returns at shutdown, or with the error of the queue.
    async fn consume(
        &self,
        mut pulls: PullSubscription,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> Option<bus::Error> {
        let name = self.action.name();
        let labels: Arc<[KeyValue]> = [KeyValue::new("action", name.to_string())].into();
        self.executor.count_from_zero(&labels[0]);
        let failure = loop {
            while let Some(ended) = tasks.try_join_next() {
                if let Err(panic) = ended {
                    error!(action.name = %name, error = %ErrorChain(&panic), "executor panicked");
                }
            }
            let taken = tokio::select! {
                biased;
                () = shutdown.cancelled() => break None,
                taken = self.take_delivery(&mut pulls) => taken,
            };
            match taken {
                Ok((delivery, slot)) => {
                    let executor = Arc::clone(&self.executor);
                    let (action, labels) = (Arc::clone(&self.action), Arc::clone(&labels));
                    let execution = async move {
                        Box::pin(executor.execute(&action, delivery, &labels, slot)).await;
                    };
                    // It has kilobytes, which a task copies several times.
                    tasks.spawn(Box::pin(execution));
                }
                Err(error) => break Some(error),
            }
        };
        for delivery in pulls.close().await {
            requeue(delivery).await;
        }
        failure
    }

    /// Waits for a free slot, then for a delivery.
    async fn take_delivery(
        &self,
        pulls: &mut PullSubscription,
    ) -> Result<(Delivery, Option<OwnedSemaphorePermit>), bus::Error> {
        // The semaphore is never closed, so there always is a permit.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        let delivery = pulls.next(1 + self.slots.available_permits()).await?;
        Ok((delivery, slot))
    }

    /// Waits for the runs in progress within the grace period; then requeues them.
    async fn drain(&self, mut tasks: JoinSet<()>) {
        if timeout(self.shutdown_grace, join_all(&mut tasks))
            .await
            .is_err()
        {
            info!(runs = tasks.len(), "runs requeued at shutdown");
            self.executor.requeue_all();
            let _ = timeout(REQUEUE_TIMEOUT, join_all(&mut tasks)).await;
        }
        // Without this, the last acknowledgements may still be in this process.
        let _ = timeout(REQUEUE_TIMEOUT, self.bus.flush()).await;
    }
}

async fn join_all(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

async fn requeue(delivery: Delivery) {
    if let Err(error) = delivery.retry_after(Duration::ZERO).await {
        debug!(error = %ErrorChain(&error), "delivery not requeued, it will be redelivered");
    }
}
