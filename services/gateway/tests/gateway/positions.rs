//! Positions that are not of the world: before its first commit, between its commits, and of an earlier world of its id.

use contract::{Seq, WorldId};
use serde_json::json;

use crate::scripted_world;
use crate::support::{Harness, Sse};

/// Appends one event to the log of a world.
async fn append(harness: &Harness, world: &WorldId, event_type: &str, data: u64) -> Seq {
    scripted_world::append(
        &harness.bus,
        world,
        vec![scripted_world::numbered(event_type, data)],
    )
    .await
}

async fn stream(harness: &Harness, world: &WorldId, after: &str) -> Sse {
    let path = format!("/v1/worlds/{world}/events/stream?after={after}");
    Sse::open(harness.http.get(harness.url(&path))).await
}

#[tokio::test]
async fn a_position_before_a_world_means_its_beginning() {
    let harness = Harness::with_lobby().await;
    harness.send_numbers(0..5).await;
    let (late, lobby) = ("late".parse().unwrap(), "lobby".parse().unwrap());
    let (status, created) = harness.post("/v1/worlds", json!({"id": "late"})).await;
    assert_eq!(status, 201, "{created}");
    let first = created["seq"].as_u64().unwrap();
    assert!(first > 5);
    let shown = harness.get("/v1/worlds/late").await.1;
    assert_eq!(shown["first_seq"], first, "{shown}");

    append(&harness, &late, "test.n", 1).await;
    // A commit of another world is between those of this one.
    let between = append(&harness, &lobby, "test.n", 0).await;
    append(&harness, &late, "test.n", 2).await;
    for after in ["0", "1", "1.0", "5", &(first - 1).to_string()] {
        let mut stream = stream(&harness, &late, after).await;
        let (_, ready) = stream.expect("ready").await;
        assert_eq!(ready["complete"], true, "{after}: {ready}");
        stream.expect("world.created").await;
        assert_eq!(stream.numbers(2).await, [1, 2], "{after}");
    }
    for (after, expected) in [(between, [2, 3]), (first, [1, 2])] {
        let mut stream = stream(&harness, &late, &after.to_string()).await;
        assert_eq!(stream.expect("ready").await.1["complete"], true, "{after}");
        if after == between {
            append(&harness, &late, "test.n", 3).await;
        }
        assert_eq!(stream.numbers(2).await, expected, "{after}");
    }
}

#[tokio::test]
async fn a_position_of_an_earlier_world_is_reported() {
    let harness = Harness::with_lobby().await;
    let again = "again".parse().unwrap();
    harness.send_numbers(0..3).await;
    let deleted = append(&harness, &again, "world.deleted", 0).await;
    append(&harness, &again, "test.n", 1).await;
    let last = append(&harness, &again, "test.n", 2).await;
    for after in [2, deleted - 1] {
        let (_, ready) = stream(&harness, &again, &after.to_string())
            .await
            .expect("ready")
            .await;
        let expected = json!({"position": last.to_string(), "complete": false});
        assert_eq!(ready, expected, "{after}");
    }
    for after in [0, deleted] {
        let mut stream = stream(&harness, &again, &after.to_string()).await;
        assert_eq!(stream.expect("ready").await.1["complete"], true, "{after}");
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
