//! The events that an entity received.

use contract::query::EventsQuery;

use crate::support::{Harness, custom, events_of, post};

pub(crate) async fn events_that_an_entity_received_are_found(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let sent = [
        ("guest", None, true),
        ("guest", Some("bob"), false),
        ("guest", Some("role:ada"), false),
        ("ada", Some("bob"), true),
        ("guest", Some("bob,ada"), true),
    ];
    let mut events: Vec<_> = sent
        .iter()
        .map(|(sender, target, _)| {
            let mut event = custom(sender, None, "app.made", "{}");
            event.target = target.map(|target| target.parse().unwrap());
            event
        })
        .collect();
    let is_received = sent.iter().map(|(_, _, is_received)| *is_received);
    let expected: Vec<_> = events
        .iter()
        .zip(is_received)
        .filter(|(_, is_received)| *is_received)
        .map(|(event, _)| event.id)
        .collect();
    // Entities do not receive the events that only the world writes.
    events.push(post("guest", "main", "hello"));
    let seq = harness.append(&world, events).await;
    let received = EventsQuery {
        heard_by: Some("ada".parse().unwrap()),
        ..events_of(&world, seq)
    };
    for (last, limit, expected, more) in [
        (false, 100, &expected[..], false),
        (false, 2, &expected[..2], true),
        (true, 2, &expected[1..], true),
    ] {
        let query = EventsQuery {
            last,
            limit,
            ..received.clone()
        };
        let (rows, has_more) = harness.query(query).await;
        let found: Vec<_> = rows.iter().map(|row| row.event.id).collect();
        assert_eq!((&found[..], has_more), (expected, more), "{last} {limit}");
    }
    replica.stop().await;
}
