//! Interactions: rows that follow what happens to them, lists by requester, target and status.

use contract::fact::Empty;
use contract::interaction::TargetStatus;
use contract::query::{InteractionRow, InteractionsQuery};
use contract::view::{InteractionStatus, InteractionView};
use contract::{Event, Fact, InteractionId, Position, Seq, WorldId};
use serde_json::json;

use crate::support::{Harness, custom, event};

pub(crate) fn interactions_of(world: &WorldId, wait_for: Seq) -> InteractionsQuery {
    InteractionsQuery {
        world: world.clone(),
        id: None,
        requester: None,
        target: None,
        status: None,
        after: Position::default(),
        limit: 1000,
        wait_for: Some(wait_for),
    }
}

fn request(requester: &str, targets: &[&str]) -> (InteractionId, Event) {
    let requested = json!({
        "action": "process", "targets": targets, "steps": 2,
        "deadline": "2026-01-31T12:05:00.000Z",
    });
    let event = custom(
        requester,
        None,
        "interaction.requested",
        &requested.to_string(),
    );
    (event.id.interaction(), event)
}

fn of(id: InteractionId, target: &str, what: &str) -> Event {
    let data = json!({"interaction": id, "target": target, "steps_done": 1});
    custom(
        target,
        None,
        &format!("interaction.{what}"),
        &data.to_string(),
    )
}

fn run(id: InteractionId, target: &str) -> Event {
    let data = json!({
        "action": "process", "agent": target, "deadline": "2026-01-31T12:05:00.000Z",
        "interaction": {"id": id, "first": 0, "count": 2},
    });
    custom(target, None, "action.requested", &data.to_string())
}

fn end(id: InteractionId, target: &str, status: &str) -> Event {
    let data = json!({
        "interaction": id, "target": target, "status": status, "steps_done": 2,
        "reason": "r", "detail": "d", "state": "ready",
        "output": [{"stream": "w:processor", "first": 7, "last": 8, "value": "echo"}],
    });
    custom(target, None, "interaction.ended", &data.to_string())
}

fn statuses(row: &InteractionRow) -> Vec<(&str, TargetStatus, u32)> {
    let targets = row.interaction.targets.iter();
    targets
        .map(|target| (target.target.as_str(), target.status, target.steps_done))
        .collect()
}

impl Harness {
    async fn interaction(&self, world: &WorldId, id: InteractionId, seq: Seq) -> InteractionRow {
        let query = InteractionsQuery {
            id: Some(id),
            ..interactions_of(world, seq)
        };
        let (mut rows, more) = self.query(query).await;
        assert_eq!((rows.len(), more), (1, false));
        rows.pop().unwrap()
    }

    /// The rows are the same after they are built anew, and go with their world.
    async fn rebuilds_and_deletes(&self, world: &WorldId, seq: Seq) {
        let before = self.all_rows(world, seq).await;
        self.rebuild().await;
        assert_eq!(self.all_rows(world, seq).await, before);
        let deleted = event("world", None, &Fact::WorldDeleted(Empty {}));
        let seq = self.append(world, vec![deleted]).await;
        let left = self.interactions(interactions_of(world, seq)).await;
        assert!(left.is_empty());
    }

    async fn interactions(&self, query: InteractionsQuery) -> Vec<InteractionId> {
        let (rows, _) = self.query(query).await;
        rows.iter().map(|row| row.interaction.id).collect()
    }
}

/// The row of an interaction has what the end of its first target has.
fn assert_has_ended(interaction: &InteractionView) {
    assert_eq!(interaction.status, InteractionStatus::Ended);
    let target = &interaction.targets[0];
    assert_eq!(target.status, TargetStatus::Completed);
    assert_eq!(interaction.ended_at, target.ended_at);
    assert_eq!(
        [&target.reason, &target.detail, &target.state].map(|text| text.as_deref().unwrap()),
        ["r", "d", "ready"]
    );
    let output = &target.output[0];
    assert_eq!((output.first, output.last), (7, 8));
    assert_eq!(output.value, Some(json!("echo")));
}

pub(crate) async fn an_interaction_is_a_row_that_follows_its_events(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let (id, requested) = request("guest", &["w", "v"]);
    let first = harness
        .append(&world, vec![requested, of(id, "w", "accepted")])
        .await;
    let row = harness.interaction(&world, id, first).await;
    let place = Position {
        seq: first,
        index: 0,
    };
    assert_eq!((row.position, row.changed), (place, first));
    assert_eq!(row.interaction.requester.as_str(), "guest");
    assert_eq!(row.interaction.targets[0].steps, 2);
    let (waiting, accepted) = (TargetStatus::Waiting, TargetStatus::Accepted);
    assert_eq!(statuses(&row), [("w", accepted, 0), ("v", waiting, 0)]);

    let seq = harness.append(&world, vec![run(id, "w")]).await;
    let row = harness.interaction(&world, id, seq).await;
    assert_eq!(row.changed, seq);
    assert_eq!(statuses(&row)[0], ("w", TargetStatus::Running, 0));

    let events = vec![of(id, "w", "progressed"), end(id, "v", "rejected")];
    let seq = harness.append(&world, events).await;
    let row = harness.interaction(&world, id, seq).await;
    let rejected = TargetStatus::Rejected;
    assert_eq!(statuses(&row), [("w", accepted, 1), ("v", rejected, 2)]);
    assert_eq!(row.interaction.status, InteractionStatus::Open);
    assert_eq!(row.interaction.ended_at, None);

    let seq = harness
        .append(&world, vec![end(id, "w", "completed")])
        .await;
    let row = harness.interaction(&world, id, seq).await;
    assert_eq!((row.position, row.changed), (place, seq));
    assert_has_ended(&row.interaction);

    harness.rebuilds_and_deletes(&world, seq).await;
    replica.stop().await;
}

pub(crate) async fn interactions_are_listed_by_requester_target_and_status(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let (other, _) = harness.create("other").await;
    let (elsewhere, requested) = request("guest", &["w"]);
    harness.append(&other, vec![requested]).await;
    let (one, first) = request("guest", &["w", "v"]);
    let (two, second) = request("guest", &["v"]);
    let (three, third) = request("ada", &["w"]);
    harness.append(&world, vec![first, second, third]).await;
    let seq = harness
        .append(
            &world,
            vec![end(one, "w", "completed"), end(two, "v", "left")],
        )
        .await;

    let entity = |id: Option<&str>| id.map(|id| id.parse().unwrap());
    let (open, ended) = (InteractionStatus::Open, InteractionStatus::Ended);
    for (requester, target, status, expected) in [
        (None, None, None, vec![one, two, three]),
        (None, None, Some(open), vec![one, three]),
        (None, None, Some(ended), vec![two]),
        (Some("guest"), None, None, vec![one, two]),
        (Some("guest"), None, Some(open), vec![one]),
        (Some("guest"), None, Some(ended), vec![two]),
        (None, Some("w"), None, vec![one, three]),
        (None, Some("v"), Some(open), vec![one]),
        (None, Some("v"), Some(ended), vec![two]),
        (Some("ada"), Some("w"), None, vec![three]),
        (Some("ada"), Some("v"), None, vec![]),
        (Some("ada"), Some("w"), Some(open), vec![three]),
        (Some("bob"), None, None, vec![]),
    ] {
        let query = InteractionsQuery {
            requester: entity(requester),
            target: entity(target),
            status,
            ..interactions_of(&world, seq)
        };
        let found = harness.interactions(query.clone()).await;
        assert_eq!(found, expected, "{query:?}");
    }
    let of_other = harness.interactions(interactions_of(&other, seq)).await;
    assert_eq!(of_other, [elsewhere]);

    for target in [None, Some("w")] {
        let mut page = InteractionsQuery {
            target: entity(target),
            limit: 1,
            ..interactions_of(&world, seq)
        };
        let mut found = Vec::new();
        loop {
            let (rows, more) = harness.query(page.clone()).await;
            assert_eq!(rows.len(), 1);
            found.push(rows[0].interaction.id);
            page.after = rows[0].position;
            if !more {
                break;
            }
        }
        let all = if target.is_some() {
            vec![one, three]
        } else {
            vec![one, two, three]
        };
        assert_eq!(found, all, "{target:?}");
    }
    replica.stop().await;
}

pub(crate) async fn a_request_whose_id_comes_again_replaces_the_earlier(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let (id, requested) = request("guest", &["w", "v"]);
    let events = vec![
        requested.clone(),
        end(id, "w", "left"),
        end(id, "v", "left"),
    ];
    harness.append(&world, events).await;
    let (_, other) = request("ada", &["w"]);
    let again = Event {
        id: requested.id,
        ..other
    };
    let seq = harness.append(&world, vec![again]).await;
    let row = harness.interaction(&world, id, seq).await;
    assert_eq!(row.interaction.requester.as_str(), "ada");
    assert_eq!(statuses(&row), [("w", TargetStatus::Waiting, 0)]);
    replica.stop().await;
}
