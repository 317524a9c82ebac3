//! The dispatcher: brings the work that a commit requests to those who do it.
//!
//! The log is the outbox: all work of a commit is stored elsewhere before the commit is acknowledged,
//! so nothing is lost when this process ends. A commit may be delivered twice: a run has the same
//! message id both times, a wake the same subject, and a second cancellation changes nothing.

use std::sync::Arc;

use bus::{Delivery, Error};
use contract::{Commit, Event, Fact, Run, WorldId, subject};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use service_kit::{CancellationToken, ErrorChain, spans};
use tracing::{Instrument, Span, error, warn};

use crate::consumer_loop::{RETRY_PAUSE, run_consumer};
use crate::metrics::DispatchOutcome;
use crate::readiness::Readiness;
use crate::resources::Resources;

pub(crate) async fn run(
    resources: Arc<Resources>,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let open = || resources.bus.log().dispatcher_consumer();
    let handle = |delivery| handle_commit(&resources, delivery);
    run_consumer("commits", &readiness, open, handle, shutdown).await
}

async fn handle_commit(resources: &Resources, delivery: Delivery) {
    if delivery.is_noop() {
        return settle(resources, DispatchOutcome::Nothing, delivery.ack().await);
    }
    let (world, commit) = match (delivery.world(), delivery.read::<Commit>()) {
        (Ok(world), Ok(commit)) => (world, commit),
        (Err(error), _) | (_, Err(error)) => {
            let reason = ErrorChain(&error).to_string();
            return reject(resources, delivery, reason).await;
        }
    };
    let work = RequestedWork::parse(&commit);
    match dispatch(resources, &world, &commit, work.facts).await {
        Ok(()) if !work.errors.is_empty() => {
            reject(resources, delivery, work.errors.join("; ")).await;
        }
        Ok(()) => settle(resources, DispatchOutcome::Done, delivery.ack().await),
        Err(error) => {
            warn!(world.id = %world, error = %ErrorChain(&error), "commit will be dispatched again");
            let retried = delivery.retry_after(RETRY_PAUSE).await;
            settle(resources, DispatchOutcome::Retried, retried);
        }
    }
}

/// Counts the outcome of a commit. One that is not acknowledged is redelivered.
fn settle(resources: &Resources, outcome: DispatchOutcome, acknowledged: Result<(), Error>) {
    resources.metrics.count_dispatch(outcome);
    if let Err(error) = acknowledged {
        warn!(error = %ErrorChain(&error), "commit will be redelivered");
    }
}

async fn reject(resources: &Resources, delivery: Delivery, reason: String) {
    error!(error = %reason, "malformed commit");
    resources.metrics.count_dispatch(DispatchOutcome::Rejected);
    if let Err(error) = delivery.reject("commit", &reason).await {
        warn!(error = %ErrorChain(&error), "dead letter not stored");
    }
}

/// The events of a commit that request work, and why some of them can't be read.
#[derive(Default)]
struct RequestedWork<'a> {
    facts: Vec<(&'a Event, Fact)>,
    errors: Vec<String>,
}

impl<'a> RequestedWork<'a> {
    fn parse(commit: &'a Commit) -> Self {
        let mut work = Self::default();
        for (event, _) in commit.work() {
            match Fact::parse(&event.event_type, &event.data) {
                Ok(fact) => work.facts.extend(fact.map(|fact| (event, fact))),
                Err(error) => {
                    let error = format!("{} {}: {error}", event.event_type, event.id);
                    work.errors.push(error);
                }
            }
        }
        work
    }
}

async fn dispatch(
    resources: &Resources,
    world: &WorldId,
    commit: &Commit,
    facts: Vec<(&Event, Fact)>,
) -> Result<(), Error> {
    let bus = &resources.bus;
    if let Some(due) = commit.wake {
        let due = commit.clock_at(due);
        bus.schedules().schedule_wake(world, due).await?;
    }
    let mut runs = Vec::new();
    for (event, fact) in facts {
        if let Fact::ActionCancelled(cancelled) = &fact {
            let signals = bus.signals();
            signals.publish_cancellation(world, cancelled.run).await;
        }
        let has_context = matches!(&fact, Fact::ActionRequested(requested)
            if requested.node.is_some() || requested.interaction.is_some());
        if let Some(run) = Run::dispatched_by(world, event, fact) {
            runs.push((run, has_context, event.trace.as_deref()));
        }
    }
    let stored: FuturesUnordered<_> = runs
        .into_iter()
        .map(async |(mut run, has_context, trace)| {
            if has_context {
                let contexts = &resources.run_contexts;
                run.context = contexts.find(world, commit.id, run.id).await;
            }
            let span = match trace {
                Some(_) => spans::send_run(subject::RUN_TEMPLATE, run.action.as_str(), run.id),
                None => Span::none(),
            };
            bus::trace::continue_from(&span, trace);
            let sent_in = bus::trace::of_span(&span);
            let trace = sent_in.as_deref().or(trace);
            let dispatched = bus.work_queue().dispatch(&run, trace);
            dispatched.instrument(span).await
        })
        .collect();
    stored.collect::<Vec<_>>().await.into_iter().collect()
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
    fn a_malformed_event_does_not_affect_the_others_of_its_commit() {
        let id = CommandId::new().event(0).run();
        let cancelled = serde_json::json!({"invocation": id}).to_string();
        let commit = Commit {
            clock: None,
            rules: 0,
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
        let work = RequestedWork::parse(&commit);
        assert_eq!(work.facts.len(), 1);
        assert!(matches!(&work.facts[0].1, Fact::ActionCancelled(one) if one.run == id));
        let errors = work.errors;
        assert!(errors[0].starts_with("action.requested "), "{errors:?}");
    }
}
