//! Positions that are not of the world: before its first commit, between its commits, and of an earlier world of its id.

use contract::Seq;
use serde_json::json;

use crate::support::{Harness, Sse};

/// Creates a world with one user, and returns its first commit.
async fn create(harness: &Harness, world: &str) -> Seq {
    let body = json!({"id": world, "entities": [{"id": "ada", "kind": "user"}]});
    let (status, created) = harness.post("/v1/worlds", body).await;
    assert_eq!(status, 201, "{created}");
    created["seq"].as_u64().unwrap()
}

/// Sends one event to a world, and returns its commit.
async fn send(harness: &Harness, world: &str, data: u64) -> Seq {
    let body = json!({"sender": "ada", "type": "test.n", "data": data});
    let path = format!("/v1/worlds/{world}/events");
    let (status, receipt) = harness.post(&path, body).await;
    assert_eq!(status, 201, "{receipt}");
    receipt["seq"].as_u64().unwrap()
}

async fn stream(harness: &Harness, world: &str, after: &str) -> Sse {
    let path = format!("/v1/worlds/{world}/events/stream?after={after}");
    Sse::open(harness.http.get(harness.url(&path))).await
}

#[tokio::test]
async fn a_position_before_a_world_means_its_beginning() {
    let harness = Harness::with_lobby().await;
    harness.send_numbers(0..5).await;
    let first = create(&harness, "late").await;
    assert!(first > 5);
    let shown = harness.get("/v1/worlds/late").await.1;
    assert_eq!(shown["first_seq"], first, "{shown}");

    send(&harness, "late", 1).await;
    // A commit of another world is between those of this one.
    let between = send(&harness, "lobby", 0).await;
    send(&harness, "late", 2).await;
    for after in ["0", "1", "1.0", "5", &(first - 1).to_string()] {
        let mut stream = stream(&harness, "late", after).await;
        let (_, ready) = stream.expect("ready").await;
        assert_eq!(ready["complete"], true, "{after}: {ready}");
        for event_type in ["world.created", "entity.created"] {
            stream.expect(event_type).await;
        }
        assert_eq!(stream.numbers(2).await, [1, 2], "{after}");
    }
    for (after, expected) in [(between, [2, 3]), (first, [1, 2])] {
        let mut stream = stream(&harness, "late", &after.to_string()).await;
        assert_eq!(stream.expect("ready").await.1["complete"], true, "{after}");
        if after == between {
            send(&harness, "late", 3).await;
        }
        assert_eq!(stream.numbers(2).await, expected, "{after}");
    }
}

#[tokio::test]
async fn a_position_of_an_earlier_world_is_reported() {
    let harness = Harness::with_lobby().await;
    harness.send_numbers(0..3).await;
    create(&harness, "again").await;
    let (status, _) = harness.delete("/v1/worlds/again").await;
    assert_eq!(status, 200);
    let again = "again".parse().unwrap();
    let deleted = harness.bus.log().last_seq(&again).await.unwrap();
    create(&harness, "again").await;
    send(&harness, "again", 1).await;
    let last = send(&harness, "again", 2).await;
    for after in [2, deleted - 1] {
        let (_, ready) = stream(&harness, "again", &after.to_string())
            .await
            .expect("ready")
            .await;
        let expected = json!({"position": last.to_string(), "complete": false});
        assert_eq!(ready, expected, "{after}");
    }
    for after in [0, deleted] {
        let mut stream = stream(&harness, "again", &after.to_string()).await;
        assert_eq!(stream.expect("ready").await.1["complete"], true, "{after}");
        for event_type in ["world.created", "entity.created"] {
            stream.expect(event_type).await;
        }
        assert_eq!(stream.numbers(2).await, [1, 2], "{after}");
    }
}

#[tokio::test]
async fn a_commit_that_is_not_in_the_log_is_not_waited_for() {
    let harness = Harness::with_lobby().await;
    let started = std::time::Instant::now();
    let path = "/v1/worlds/lobby/events?wait_for=1000000";
    let (status, problem) = harness.get(path).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("in_future")),
        "{problem}"
    );
    assert_eq!(problem["field"], "wait_for");
    // The archive, which is not there, would be asked for six seconds.
    assert!(started.elapsed().as_secs() < 5);
}
