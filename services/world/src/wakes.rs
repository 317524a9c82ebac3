//! Wakes: brings a due moment to the world that asked for it, asleep or not.

use std::sync::Arc;
use std::time::Duration;

use bus::{CommandError, Delivery};
use contract::{Command, CommandId, CommandRequest, EntityId};
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use crate::Shared;
use crate::carry::{RETRY_PAUSE, carry};

/// How long a world may take to wake before its wake is given to another replica.
const COMMAND_DEADLINE: Duration = Duration::from_secs(4);
/// A world that can't be woken is tried again for ever, since its timers wait; but less and less often.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(60);

pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let open = || shared.bus.schedules().wake_consumer();
    carry(
        "wakes",
        &shared.wakes,
        open,
        |delivery| handle(&shared, delivery),
        shutdown,
    )
    .await
}

/// Waking twice does nothing: what is due fires once.
async fn handle(shared: &Shared, delivery: Delivery) {
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
        command: Command::Wake,
        trace: None,
    };
    let ended = match shared
        .bus
        .worlds()
        .command(&world, request, COMMAND_DEADLINE)
        .await
    {
        // A refusal says that the world is gone: there is nothing left to wake.
        Ok(_) | Err(CommandError::Rejected(_)) => {
            shared.metrics.wakes.add(1, &[]);
            delivery.ack().await
        }
        Err(error) => {
            warn!(world.id = %world, error = %ErrorChain(&error), "world not woken yet");
            let pause = (RETRY_PAUSE * delivery.attempt).min(RETRY_PAUSE_MAX);
            delivery.retry_after(pause).await
        }
    };
    if let Err(error) = ended {
        warn!(world.id = %world, error = %ErrorChain(&error), "wake comes again");
    }
}

async fn reject(delivery: Delivery, reason: &str) {
    warn!(reason, "a wake of no world");
    if let Err(error) = delivery.reject("wake", reason).await {
        warn!(error = %ErrorChain(&error), "dead letter not kept yet");
    }
}
