//! The dispatcher: carries what the log asks for to those who do it.
//!
//! The log is the outbox: whatever a commit asks for is stored elsewhere before the commit is
//! acknowledged, so nothing is lost when this process is. A commit may come twice: an invocation
//! has the same message id both times, a wake the same subject, and a cancellation does no harm.

use std::sync::Arc;

use bus::{Delivery, Error};
use contract::fact::ActionRequested;
use contract::{Commit, Event, Fact, Invocation, WorldId};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain};
use tracing::{error, warn};

use crate::Shared;
use crate::carry::{RETRY_PAUSE, carry};

pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let open = || shared.bus.dispatcher();
    carry(
        "commits",
        open,
        |delivery| handle(&shared, delivery),
        shutdown,
    )
    .await
}

async fn handle(shared: &Shared, delivery: Delivery) {
    if delivery.asks_for_nothing() {
        return told(shared, "nothing", delivery.ack().await);
    }
    let (world, commit) = match (delivery.world(), delivery.read::<Commit>()) {
        (Ok(world), Ok(commit)) => (world, commit),
        (Err(error), _) | (_, Err(error)) => {
            let reason = ErrorChain(&error).to_string();
            return reject(shared, delivery, reason).await;
        }
    };
    match dispatch(shared, &world, &commit).await {
        Ok(()) => told(shared, "done", delivery.ack().await),
        Err(error) => {
            warn!(world.id = %world, error = %ErrorChain(&error), "commit not dispatched yet");
            told(shared, "retried", delivery.retry_after(RETRY_PAUSE).await);
        }
    }
}

/// Counts what became of a commit; what the broker was not told comes again.
fn told(shared: &Shared, outcome: &'static str, told: Result<(), Error>) {
    shared.metrics.dispatch(outcome);
    if let Err(error) = told {
        warn!(error = %ErrorChain(&error), "commit comes again");
    }
}

async fn reject(shared: &Shared, delivery: Delivery, reason: String) {
    error!(error = %reason, "commit not understood");
    shared.metrics.dispatch("rejected");
    let Ok(world) = delivery.world() else { return };
    if let Err(error) = delivery.reject("commit", &world, &reason).await {
        warn!(world.id = %world, error = %ErrorChain(&error), "dead letter not kept yet");
    }
}

async fn dispatch(shared: &Shared, world: &WorldId, commit: &Commit) -> Result<(), Error> {
    if let Some(due) = commit.wake {
        shared.bus.schedule_wake(world, due).await?;
    }
    let mut invocations = Vec::new();
    for event in &commit.events {
        match event.event_type.as_str() {
            "action.requested" => {
                if let Ok(Some(Fact::ActionRequested(requested))) =
                    Fact::parse(&event.event_type, &event.data)
                {
                    invocations.push((invocation(world, event, requested), event.trace.as_deref()));
                }
            }
            "action.cancelled" => {
                if let Ok(Some(Fact::ActionCancelled(cancelled))) =
                    Fact::parse(&event.event_type, &event.data)
                {
                    shared
                        .bus
                        .publish_cancelled(world, cancelled.invocation)
                        .await;
                }
            }
            _ => {}
        }
    }
    let stored = invocations
        .iter()
        .map(|(invocation, trace)| shared.bus.dispatch(invocation, *trace))
        .collect::<FuturesUnordered<_>>();
    stored.collect::<Vec<_>>().await.into_iter().collect()
}

fn invocation(world: &WorldId, event: &Event, requested: ActionRequested) -> Invocation {
    Invocation {
        id: event.id.invocation(),
        world: world.clone(),
        action: requested.action,
        agent: requested.agent,
        ability: requested.ability,
        arguments: requested.arguments,
        chat: event.chat.clone(),
        message: requested.message,
        turn: requested.turn,
        deadline: requested.deadline,
    }
}
