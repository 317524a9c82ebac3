//! An interaction as the events of the log make it.

use std::time::Duration;

use contract::view::InteractionView;
use contract::{Commit, EntityId, Fact, InteractionId, Seq, Timestamp, WorldId};
use door_kit::{CloseReason, DoorState, EventReader, LogCommit, Payload, Problem, ReadEnd};
use tokio::time::sleep;

/// How often the log is read for a commit that it has: a replica of the log may lag behind.
const READS_MAX: usize = 50;
/// The pause between those reads.
const READ_PAUSE: Duration = Duration::from_millis(100);

/// Reads an interaction as it was after the commit of its request.
///
/// # Errors
/// 503 when the log can't be read.
pub(super) async fn read_requested(
    state: &DoorState,
    world: &WorldId,
    id: InteractionId,
    seq: Seq,
) -> Result<InteractionView, Problem> {
    for _ in 0..READS_MAX {
        let mut commits = state
            .broker
            .read_commits(world, seq.saturating_sub(1))
            .await?;
        match commits.next().transpose()? {
            Some(LogCommit { seq: found, commit }) if found == seq => {
                return fold_commit(id, &commit).ok_or_else(Problem::internal);
            }
            // The log does not have it any more: the world was deleted.
            Some(_) => return Err(Problem::unknown_world(world)),
            None => sleep(READ_PAUSE).await,
        }
    }
    Err(Problem::unavailable("the events can't be read"))
}

fn fold_commit(id: InteractionId, commit: &Commit) -> Option<InteractionView> {
    let mut view = None;
    // Most events of a commit with many commands concern others: their payload is not parsed.
    let events = commit.events.iter();
    for event in events.filter(|event| event.correlation == Some(id.0)) {
        let parts = EventParts {
            is_request: event.id.interaction() == id,
            sender: &event.sender,
            at: commit.at,
        };
        fold_fact(
            &mut view,
            id,
            &parts,
            Fact::parse(&event.event_type, &event.data),
        );
    }
    view
}

/// What an event is beside its fact.
struct EventParts<'a> {
    is_request: bool,
    sender: &'a EntityId,
    at: Timestamp,
}

fn fold_fact(
    view: &mut Option<InteractionView>,
    id: InteractionId,
    event: &EventParts<'_>,
    fact: serde_json::Result<Option<Fact>>,
) {
    let Ok(Some(fact)) = fact else { return };
    match (view, &fact) {
        (view, Fact::InteractionRequested(requested)) if event.is_request => {
            *view = Some(InteractionView::requested(
                id,
                event.sender,
                event.at,
                requested,
            ));
        }
        (Some(view), fact) => view.apply(fact, event.at),
        (None, _) => {}
    }
}

/// Reads events until the interaction has ended: how it ended, and the commit of its end. `None` when
/// the deadline of the reader passes first.
///
/// # Errors
/// 503 when the events can't be read, or the gateway shuts down.
pub(super) async fn wait_for_end(
    mut reader: EventReader,
    id: InteractionId,
) -> Result<Option<(InteractionView, Seq)>, Problem> {
    let mut view = None;
    loop {
        let frame = match reader.next().await {
            Ok(frame) => frame,
            Err(ReadEnd::Deadline) => return Ok(None),
            Err(ReadEnd::Closed(CloseReason::Shutdown)) => {
                return Err(Problem::unavailable(
                    "the gateway shuts down: repeat the request with the same Idempotency-Key",
                ));
            }
            Err(ReadEnd::Closed(_)) => {
                return Err(Problem::unavailable("the events can't be read"));
            }
        };
        let Payload::Event(event) = &frame.payload else {
            continue;
        };
        if event.correlationid != Some(id.0) {
            continue;
        }
        let parts = EventParts {
            is_request: event.id.interaction() == id,
            sender: &event.sender,
            at: event.time,
        };
        fold_fact(
            &mut view,
            id,
            &parts,
            Fact::parse(&event.event_type, &event.data),
        );
        if let Some(ended) = view.take_if(|view| view.ended_at.is_some()) {
            return Ok(Some((ended, event.seq())));
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::interaction::TargetStatus;
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn event(event_id: &str, correlation: &str, event_type: &str, data: &Value) -> Value {
        json!({"id": event_id, "type": event_type, "sender": "a", "correlation": correlation,
               "data": data})
    }

    #[test]
    fn a_commit_is_folded_to_what_it_made_of_one_interaction() {
        let other = "018f0000-0000-7000-8000-000000000010";
        let next = "018f0000-0000-7000-8000-000000000002";
        let requested = json!({"action": "process", "targets": ["w"], "steps": 1,
                               "deadline": "2026-01-31T12:05:00.000Z"});
        let accepted = json!({"interaction": ID, "target": "w"});
        let ended = json!({"interaction": other, "target": "w", "status": "left"});
        let commit = json!({
            "id": ID, "at": "2026-01-31T12:00:00.000Z", "commands": [],
            "events": [
                event(other, other, "interaction.requested", &requested),
                event(ID, ID, "interaction.requested", &requested),
                event(next, ID, "interaction.accepted", &accepted),
                event(next, ID, "myapp.other", &json!(1)),
                event(next, other, "interaction.ended", &ended),
            ],
        });
        let commit: Commit = serde_json::from_str(&commit.to_string()).unwrap();
        let view = fold_commit(ID.parse().unwrap(), &commit).unwrap();
        assert_eq!(view.requester.as_str(), "a");
        assert_eq!(view.targets[0].status, TargetStatus::Accepted);
        let unknown = "018f0000-0000-7000-8000-000000000077".parse().unwrap();
        assert_eq!(fold_commit(unknown, &commit), None);
    }
}
