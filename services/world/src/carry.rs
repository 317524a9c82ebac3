//! Carrying deliveries: the loop of every durable consumer of this service.

use std::time::Duration;

use bus::{Consumer, Delivery, Error, Pulls};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use crate::metrics::Carrying;

/// Deliveries that are handled at once: each waits for the broker most of the time.
const AT_ONCE_MAX: usize = 512;
/// Pause before something that failed is tried again.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Hands each delivery of a consumer to `handle`, which ends it, until `shutdown`; then waits for
/// those that are being handled.
pub(crate) async fn carry<Opening, Handling>(
    what: &'static str,
    open: impl Fn() -> Opening,
    handle: impl Fn(Delivery) -> Handling,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    Opening: Future<Output = Result<Consumer, Error>>,
    Handling: Future<Output = ()>,
{
    let carrying = Carrying::new(what);
    let handle = |delivery: Delivery| carrying.measure(delivery.waiting, handle(delivery));
    let mut handling = FuturesUnordered::new();
    while !shutdown.is_cancelled() {
        let failed = tokio::select! {
            failed = take(&open, &handle, &mut handling) => failed,
            () = shutdown.cancelled() => break,
        };
        warn!(what, error = %ErrorChain(&failed), "deliveries can't be taken");
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
    open: &impl Fn() -> Opening,
    handle: &impl Fn(Delivery) -> Handling,
    handling: &mut FuturesUnordered<Handling>,
) -> Error
where
    Opening: Future<Output = Result<Consumer, Error>>,
    Handling: Future<Output = ()>,
{
    let opened = async { open().await?.pulls().await };
    let mut pulls: Pulls = match opened.await {
        Ok(pulls) => pulls,
        Err(error) => return error,
    };
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
