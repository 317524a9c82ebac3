//! The dispatcher: carries what the log asks for to those who do it.
//!
//! The log is the outbox: whatever a commit asks for is stored elsewhere before the commit is
//! acknowledged, so nothing is lost when this process is. A commit may come twice: an invocation
//! has the same message id both times, a wake the same subject, and a cancellation does no harm.

use std::sync::Arc;

use bus::{Delivery, Error};
use contract::fact::ActionRequested;
use contract::{Commit, Event, Fact, Run, WorldId};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain};
use tracing::{error, warn};

use crate::Shared;
use crate::carry::{RETRY_PAUSE, carry};

pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let open = || shared.bus.log().dispatcher_consumer();
    carry(
        "commits",
        &shared.commits,
        open,
        |delivery| handle(&shared, delivery),
        shutdown,
    )
    .await
}

async fn handle(shared: &Shared, delivery: Delivery) {
    if delivery.is_noop() {
        return told(shared, "nothing", delivery.ack().await);
    }
    let (world, commit) = match (delivery.world(), delivery.read::<Commit>()) {
        (Ok(world), Ok(commit)) => (world, commit),
        (Err(error), _) | (_, Err(error)) => {
            let reason = ErrorChain(&error).to_string();
            return reject(shared, delivery, reason).await;
        }
    };
    let (work, unread) = work(&commit);
    match dispatch(shared, &world, &commit, work).await {
        Ok(()) if !unread.is_empty() => reject(shared, delivery, unread.join("; ")).await,
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
    if let Err(error) = delivery.reject("commit", &reason).await {
        warn!(error = %ErrorChain(&error), "dead letter not kept yet");
    }
}

/// What a commit asks for, and why some of it can't be read.
fn work(commit: &Commit) -> (Vec<(&Event, Fact)>, Vec<String>) {
    let (mut work, mut unread) = (Vec::new(), Vec::new());
    for (event, _) in commit.work() {
        match Fact::parse(&event.event_type, &event.data) {
            Ok(fact) => work.extend(fact.map(|fact| (event, fact))),
            Err(error) => unread.push(format!("{} {}: {error}", event.event_type, event.id)),
        }
    }
    (work, unread)
}

async fn dispatch(
    shared: &Shared,
    world: &WorldId,
    commit: &Commit,
    work: Vec<(&Event, Fact)>,
) -> Result<(), Error> {
    if let Some(due) = commit.wake {
        shared.bus.schedules().schedule_wake(world, due).await?;
    }
    let mut invocations = Vec::new();
    for (event, fact) in work {
        match fact {
            Fact::ActionRequested(requested) => {
                invocations.push((invocation(world, event, requested), event.trace.as_deref()));
            }
            Fact::ActionCancelled(cancelled) => {
                let bus = &shared.bus;
                bus.signals()
                    .publish_cancellation(world, cancelled.invocation)
                    .await;
            }
            _ => {}
        }
    }
    let stored = invocations
        .iter()
        .map(|(invocation, trace)| shared.bus.work_queue().dispatch(invocation, *trace))
        .collect::<FuturesUnordered<_>>();
    stored.collect::<Vec<_>>().await.into_iter().collect()
}

fn invocation(world: &WorldId, event: &Event, requested: ActionRequested) -> Run {
    Run {
        id: event.id.invocation(),
        world: world.clone(),
        action: requested.action,
        entity: requested.entity,
        ability: requested.ability,
        arguments: requested.arguments,
        chat: event.chat.clone(),
        message: requested.message,
        turn: requested.turn,
        deadline: requested.deadline,
    }
}

#[cfg(test)]
mod tests {
    use contract::{CommandId, CommitId, Timestamp};

    use super::*;

    fn event(event_type: &str, data: &str) -> Event {
        let event = serde_json::json!({
            "id": CommandId::new().event(0), "type": event_type, "sender": "ada",
        });
        let mut event: serde_json::Value = event;
        event["data"] = serde_json::from_str(data).unwrap();
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn what_can_not_be_read_spoils_nothing_else() {
        let id = CommandId::new().event(0).invocation();
        let cancelled = serde_json::json!({"invocation": id}).to_string();
        let commit = Commit {
            id: CommitId::new(),
            at: Timestamp::MAX,
            wake: None,
            commands: Vec::new(),
            events: vec![
                event("action.requested", r#"{"action": 7}"#),
                event("action.cancelled", &cancelled),
                event("app.said", "{}"),
            ],
        };
        let (work, unread) = work(&commit);
        assert_eq!(work.len(), 1);
        assert!(matches!(&work[0].1, Fact::ActionCancelled(one) if one.invocation == id));
        assert!(unread[0].starts_with("action.requested "), "{unread:?}");
    }
}
