//! Wakes: brings a due moment to the world that asked for it, asleep or not.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery};
use contract::{Command, CommandId, CommandRequest, EntityId};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use crate::Shared;

/// Wakes that are taken at once.
const BATCH_MAX: usize = 64;
/// Pause before something that failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How long a world may take to wake before its wake is given to another replica.
const COMMAND_DEADLINE: Duration = Duration::from_secs(4);

pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let consumer = tokio::select! {
        consumer = open(&shared) => consumer,
        () = shutdown.cancelled() => return Ok(()),
    };
    loop {
        let deliveries = tokio::select! {
            deliveries = consumer.pull(BATCH_MAX) => deliveries,
            () = shutdown.cancelled() => return Ok(()),
        };
        match deliveries {
            Ok(deliveries) => {
                let mut handling: FuturesUnordered<_> = deliveries
                    .into_iter()
                    .map(|delivery| handle(&shared, delivery))
                    .collect();
                while handling.next().await.is_some() {}
            }
            Err(error) => {
                warn!(error = %ErrorChain(&error), "wakes can't be pulled");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }
}

async fn open(shared: &Shared) -> Consumer {
    loop {
        match shared.bus.wakes().await {
            Ok(consumer) => return consumer,
            Err(error) => warn!(error = %ErrorChain(&error), "no wakes yet"),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// Waking twice does nothing: what is due fires once.
async fn handle(shared: &Shared, delivery: Delivery) {
    let Ok(world) = delivery.world() else { return };
    let request = CommandRequest {
        id: CommandId::new(),
        sender: EntityId::world(),
        command: Command::Wake,
        trace: None,
    };
    let ended = match shared.bus.command(&world, request, COMMAND_DEADLINE).await {
        // A refusal says that the world is gone: there is nothing left to wake.
        Ok(_) => {
            shared.metrics.wakes.add(1, &[]);
            delivery.ack().await
        }
        Err(error) => {
            warn!(world.id = %world, error = %ErrorChain(&error), "world not woken yet");
            delivery.retry_after(RETRY_PAUSE).await
        }
    };
    if let Err(error) = ended {
        warn!(world.id = %world, error = %ErrorChain(&error), "wake comes again");
    }
}
