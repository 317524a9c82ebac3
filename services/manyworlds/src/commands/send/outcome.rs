//! What an event causes: the runs that its commit requests, and how they end.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::bail;
use client::World;
use contract::http::{EventsPageQuery, Receipt, RunQuery, RunStatus};
use contract::{CloudEvent, EventId, FactKind, Position, RunId};
use tokio::time::{Instant, sleep};

use crate::output::Output;

/// Pause between two looks at a run.
const POLL: Duration = Duration::from_millis(200);
/// Events of one commit are at most as many.
const PAGE: u32 = 1000;

/// Waits until the runs that a commit requests have ended, and shows how.
pub(super) async fn wait(
    world: &World<'_>,
    receipt: &Receipt,
    timeout: Duration,
    output: Output,
) -> anyhow::Result<()> {
    let until = Instant::now() + timeout;
    let runs = requested_runs(world, receipt).await?;
    if runs.is_empty() {
        output
            .note("nothing acts on it: no ability of an entity that received it has this trigger");
        return Ok(());
    }
    let mut failures = 0;
    for run in runs {
        let query = RunQuery {
            seq: Some(receipt.seq),
        };
        loop {
            let response = world.runs().show(run, &query).await?;
            if !matches!(response.status, RunStatus::Open {}) {
                failures += usize::from(!matches!(response.status, RunStatus::Completed { .. }));
                match output.is_json() {
                    true => output.json(&response)?,
                    false => output.line(&text(run, &response.status))?,
                }
                break;
            }
            if Instant::now() > until {
                bail!("run {run} has not ended after {timeout:?}");
            }
            sleep(POLL).await;
        }
    }
    match failures {
        0 => Ok(()),
        _ => bail!("{failures} of the runs that it caused did not complete"),
    }
}

async fn requested_runs(world: &World<'_>, receipt: &Receipt) -> anyhow::Result<Vec<RunId>> {
    let query = EventsPageQuery {
        after: Some(Position::end_of(receipt.seq.saturating_sub(1))),
        limit: Some(PAGE),
        wait_for: Some(receipt.seq),
        ..EventsPageQuery::default()
    };
    let page = world.events().list(&query).await?;
    let of_commit = page
        .events
        .iter()
        .filter(|event| event.seq() == receipt.seq);
    Ok(caused_runs(&receipt.ids, of_commit))
}

/// The runs among events that these events caused, directly or by others.
fn caused_runs<'e>(
    sent: &[EventId],
    events: impl IntoIterator<Item = &'e CloudEvent>,
) -> Vec<RunId> {
    let mut caused: BTreeSet<EventId> = sent.iter().copied().collect();
    let mut runs = Vec::new();
    for event in events {
        let is_caused = event
            .causationid
            .is_some_and(|cause| caused.contains(&cause));
        if is_caused
            && caused.insert(event.id)
            && event.event_type.as_str() == FactKind::ActionRequested.name()
        {
            runs.push(RunId(event.id.0));
        }
    }
    runs
}

fn text(run: RunId, status: &RunStatus) -> String {
    match status {
        RunStatus::Open {} => format!("run {run} is open"),
        RunStatus::Completed { output: None, .. } => format!("run {run} completed"),
        RunStatus::Completed {
            output: Some(output),
            ..
        } => format!("run {run} completed: {output}"),
        RunStatus::Failed { code, reason } => format!("run {run} failed: {reason} [{code}]"),
        RunStatus::Cancelled {} => format!("run {run} was cancelled"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(id: u8, cause: Option<u8>, event_type: &str) -> CloudEvent {
        let uuid = |number: u8| format!("018f0000-0000-7000-8000-0000000000{number:02}");
        let mut event = json!({
            "specversion": "1.0", "id": uuid(id), "type": event_type, "source": "/worlds/w/entities/a",
            "time": "2026-01-31T12:00:00.000Z", "datacontenttype": "application/json",
            "world": "w", "sender": "a", "sequence": format!("7.{id}"), "data": {},
        });
        if let Some(cause) = cause {
            event["causationid"] = Value::String(uuid(cause));
        }
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_run_that_an_event_caused_is_found() {
        let events = [
            event(1, None, "x.y"),
            event(2, Some(1), "action.requested"),
            event(3, Some(2), "x.z"),
            event(4, Some(3), "action.requested"),
            event(5, None, "action.requested"),
        ];
        let runs = caused_runs(&[events[0].id], &events);
        assert_eq!(runs, [RunId(events[1].id.0), RunId(events[3].id.0)]);
        assert_eq!(caused_runs(&[events[4].id], &events), []);
    }
}
