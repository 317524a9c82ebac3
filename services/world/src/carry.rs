//! Carrying deliveries: the loop of every durable consumer of this service.

use std::time::Duration;

use bus::{Consumer, Delivery, Error, PullSubscription};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::watch;
use tracing::warn;

use crate::metrics::Carrying;

/// Deliveries that are handled at once: each waits for the broker most of the time.
const AT_ONCE_MAX: usize = 512;
/// Pause before something that failed is tried again.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Whether a consumer is bound, and if not, why: for the health page. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Binding(watch::Sender<Result<(), String>>);

impl Default for Binding {
    fn default() -> Self {
        Self(watch::Sender::new(Err("not bound yet".to_owned())))
    }
}

impl Binding {
    /// # Errors
    /// Why the consumer is not bound.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.borrow().clone()
    }

    fn set(&self, now: Result<(), String>) {
        let _before = self.0.send_replace(now);
    }
}

/// Hands each delivery of a consumer to `handle`, which ends it, until `shutdown`; then waits for
/// those that are being handled.
pub(crate) async fn carry<Opening, Handling>(
    what: &'static str,
    binding: &Binding,
    open: impl Fn() -> Opening,
    handle: impl Fn(Delivery) -> Handling,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    Opening: Future<Output = Result<Consumer, Error>>,
    Handling: Future<Output = ()>,
{
    let carrying = Carrying::new(what);
    let handle = |delivery: Delivery| carrying.measure(delivery.pending, handle(delivery));
    let mut handling = FuturesUnordered::new();
    while !shutdown.is_cancelled() {
        let failed = tokio::select! {
            failed = take(binding, &open, &handle, &mut handling) => failed,
            () = shutdown.cancelled() => break,
        };
        let reason = ErrorChain(&failed).to_string();
        warn!(what, error = %reason, "deliveries can't be taken");
        binding.set(Err(reason));
        tokio::select! {
            () = tokio::time::sleep(RETRY_PAUSE) => {}
            () = shutdown.cancelled() => {}
        }
    }
    // What was on its way to us comes again, to another replica, when its time is over.
    while handling.next().await.is_some() {}
    Ok(())
}

async fn take<Opening, Handling>(
    binding: &Binding,
    open: &impl Fn() -> Opening,
    handle: &impl Fn(Delivery) -> Handling,
    handling: &mut FuturesUnordered<Handling>,
) -> Error
where
    Opening: Future<Output = Result<Consumer, Error>>,
    Handling: Future<Output = ()>,
{
    let opened = async { open().await?.pull().await };
    let mut pulls: PullSubscription = match opened.await {
        Ok(pulls) => pulls,
        Err(error) => return error,
    };
    binding.set(Ok(()));
    loop {
        let places = AT_ONCE_MAX - handling.len();
        tokio::select! {
            Some(()) = handling.next() => {}
            delivery = pulls.next(places), if places > 0 => match delivery {
                Ok(delivery) => handling.push(handle(delivery)),
                Err(error) => return error,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_consumer_that_can_not_be_opened_is_told() {
        let (binding, shutdown) = (Binding::default(), CancellationToken::new());
        assert_eq!(binding.check(), Err("not bound yet".to_owned()));
        let open = async || {
            shutdown.cancel();
            Err(Error::NoReply {
                subject: "commits".to_owned(),
                reason: "nobody is there".to_owned(),
            })
        };
        let handle = async |_delivery| {};
        carry("commits", &binding, open, handle, shutdown.clone())
            .await
            .unwrap();
        let told = binding.check().unwrap_err();
        assert!(told.contains("nobody is there"), "{told}");
    }
}
