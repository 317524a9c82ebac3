//! Schedules: does in a world what is due, when the broker's schedule for it fires, whether the world
//! is active or not.

use std::sync::Arc;
use std::time::Duration;

use bus::{CommandError, Delivery};
use contract::{Command, CommandId, CommandRequest, EntityId};
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use crate::consumer_loop::{RETRY_PAUSE, run_consumer};
use crate::readiness::Readiness;
use crate::resources::Resources;

/// How long a world may take to be activated before its wake is given to another replica.
const COMMAND_DEADLINE: Duration = Duration::from_secs(4);
/// A world that can't be activated is tried again for ever, since its timers wait; but less and less often.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(60);

pub(crate) async fn run(
    resources: Arc<Resources>,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let open = || resources.bus.schedules().wake_consumer();
    let handle = |delivery| handle_wake(&resources, delivery);
    run_consumer("wakes", &readiness, open, handle, shutdown).await
}

/// A second wake changes nothing: what is due fires once.
async fn handle_wake(resources: &Resources, delivery: Delivery) {
    let world = match delivery.world() {
        Ok(world) => world,
        Err(error) => {
            let reason = ErrorChain(&error).to_string();
            return reject(delivery, &reason).await;
        }
    };
    let request = CommandRequest {
        id: CommandId::new(),
        sender: EntityId::world(),
        command: Command::FireDue,
        trace: None,
        run: None,
    };
    let worlds = resources.bus.worlds();
    let settled = match worlds.command(&world, request, COMMAND_DEADLINE).await {
        // A rejection means that the world is gone: there is nothing left to do.
        Ok(_) | Err(CommandError::Rejected(_)) => {
            resources.metrics.wakes.add(1, &[]);
            delivery.ack().await
        }
        Err(error) => {
            warn!(world.id = %world, error = %ErrorChain(&error), "world unavailable, wake will be repeated");
            let pause = (RETRY_PAUSE * delivery.attempt).min(RETRY_PAUSE_MAX);
            delivery.retry_after(pause).await
        }
    };
    if let Err(error) = settled {
        warn!(world.id = %world, error = %ErrorChain(&error), "wake will be redelivered");
    }
}

async fn reject(delivery: Delivery, reason: &str) {
    warn!(reason, "wake names no world");
    if let Err(error) = delivery.reject("wake", reason).await {
        warn!(error = %ErrorChain(&error), "dead letter not stored");
    }
}
