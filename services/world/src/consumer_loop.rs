//! The loop of every durable consumer of this service.

use std::time::Duration;

use bus::{Consumer, Delivery, Error};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use crate::metrics::ConsumerMetrics;
use crate::readiness::Readiness;

/// Deliveries that are handled at once: each waits for the broker most of the time.
const IN_FLIGHT_MAX: usize = 512;
/// Pause before something that failed is tried again.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Hands each delivery of a consumer to `handle`, which settles it, until `shutdown`; then waits for
/// those that are being handled. A consumer that fails is opened again.
pub(crate) async fn run_consumer<Opening, Handling>(
    name: &'static str,
    readiness: &Readiness,
    open: impl Fn() -> Opening,
    handle: impl Fn(Delivery) -> Handling,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    Opening: Future<Output = Result<Consumer, Error>>,
    Handling: Future<Output = ()>,
{
    let metrics = ConsumerMetrics::new(name);
    let handle = |delivery: Delivery| metrics.measure(delivery.pending, handle(delivery));
    let mut in_flight = FuturesUnordered::new();
    while !shutdown.is_cancelled() {
        let error = tokio::select! {
            error = handle_until_error(readiness, &open, &handle, &mut in_flight) => error,
            () = shutdown.cancelled() => break,
        };
        let reason = ErrorChain(&error).to_string();
        warn!(consumer = name, error = %reason, "consumer unavailable");
        readiness.set_failed(reason);
        tokio::select! {
            () = tokio::time::sleep(RETRY_PAUSE) => {}
            () = shutdown.cancelled() => {}
        }
    }
    // Deliveries on their way to this process are redelivered to another replica after the ack wait.
    while in_flight.next().await.is_some() {}
    Ok(())
}

async fn handle_until_error<Opening, Handling>(
    readiness: &Readiness,
    open: &impl Fn() -> Opening,
    handle: &impl Fn(Delivery) -> Handling,
    in_flight: &mut FuturesUnordered<Handling>,
) -> Error
where
    Opening: Future<Output = Result<Consumer, Error>>,
    Handling: Future<Output = ()>,
{
    let subscribe = async { open().await?.pull().await };
    let mut deliveries = match subscribe.await {
        Ok(deliveries) => deliveries,
        Err(error) => return error,
    };
    readiness.set_bound();
    loop {
        let free = IN_FLIGHT_MAX - in_flight.len();
        tokio::select! {
            Some(()) = in_flight.next() => {}
            delivery = deliveries.next(free), if free > 0 => match delivery {
                Ok(delivery) => in_flight.push(handle(delivery)),
                Err(error) => return error,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn readiness_names_the_reason_why_a_consumer_can_not_be_opened() {
        let (readiness, shutdown) = (Readiness::default(), CancellationToken::new());
        assert_eq!(readiness.check(), Err("not bound yet".to_owned()));
        let open = async || {
            shutdown.cancel();
            Err(Error::NoReply {
                subject: "commits".to_owned(),
                reason: "nobody is there".to_owned(),
            })
        };
        let handle = async |_delivery| {};
        run_consumer("commits", &readiness, open, handle, shutdown.clone())
            .await
            .unwrap();
        let reason = readiness.check().unwrap_err();
        assert!(reason.contains("nobody is there"), "{reason}");
    }
}
