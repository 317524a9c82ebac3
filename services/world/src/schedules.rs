//! Schedules: does in a world what is due, when the broker's schedule for it fires, whether the world
//! is active or not.

use std::sync::Arc;
use std::time::Duration;

use bus::{CommandError, Delivery};
use contract::{Command, CommandId, CommandRequest, EntityId, WorldId};
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
        principal: None,
    };
    let worlds = resources.bus.worlds();
    let settled = match worlds.command(&world, request, COMMAND_DEADLINE).await {
        Ok(_) => {
            resources.metrics.wakes.add(1, &[]);
            delivery.ack().await
        }
        Err(CommandError::Rejected(_)) => {
            resources.metrics.wakes.add(1, &[]);
            remove_schedules(resources, &world, delivery.seq).await;
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

/// A rejection means that the world is gone: nothing needs what is stored for it up to this wake. A world
/// of the same id that was created meanwhile has schedules that are newer.
async fn remove_schedules(resources: &Resources, world: &WorldId, until: u64) {
    let schedules = resources.bus.schedules();
    if let Err(error) = schedules.remove_all(world, Some(until)).await {
        warn!(world.id = %world, error = %ErrorChain(&error), "schedules of a deleted world not removed");
    }
}

async fn reject(delivery: Delivery, reason: &str) {
    warn!(reason, "wake names no world");
    if let Err(error) = delivery.reject("wake", reason).await {
        warn!(error = %ErrorChain(&error), "dead letter not stored");
    }
}
