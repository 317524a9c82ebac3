//! Server-sent events: complete, in order, and resumed without a gap.

use std::time::Duration;

use contract::subject::LOG_STREAM;
use contract::{Event, WorldId};
use gateway::{Config, Limits};
use serde_json::json;
use testkit::Raw;

use crate::scripted_world;
use crate::support::{Harness, Sse};

fn number(number: u64) -> Event {
    scripted_world::numbered("test.n", number)
}

#[tokio::test]
async fn a_client_receives_past_and_new_events() {
    let harness = Harness::with_lobby().await;
    let seq = harness.send_numbers(0..5).await;
    let mut all = harness.stream("after=0").await;
    let (_, ready) = all.expect("ready").await;
    assert_eq!(ready, json!({"position": "0", "complete": true}));
    all.expect("world.created").await;
    let mut now = harness.stream("").await;
    let (_, ready) = now.expect("ready").await;
    assert_eq!(ready["position"], seq.to_string());
    harness.send_numbers(5..10).await;
    assert_eq!(all.numbers(10).await, Vec::from_iter(0..10));
    assert_eq!(now.numbers(5).await, Vec::from_iter(5..10));
}

#[tokio::test]
async fn a_client_resumes_from_its_position() {
    let harness = Harness::with_lobby().await;
    let events: Vec<Event> = (0..4).map(number).collect();
    let world: WorldId = "lobby".parse().unwrap();
    let seq = scripted_world::append(&harness.bus, &world, events).await;
    // In the middle of a commit.
    let request = harness
        .http
        .get(harness.url("/v1/worlds/lobby/events/stream"));
    let mut stream = Sse::open(request.header("last-event-id", format!("{seq}.1"))).await;
    let (_, ready) = stream.expect("ready").await;
    assert_eq!(ready["complete"], true);
    assert_eq!(stream.numbers(2).await, [2, 3]);
    // A position of another log.
    let mut stream = harness.stream("after=999999").await;
    let (_, ready) = stream.expect("ready").await;
    assert_eq!(
        ready,
        json!({"position": seq.to_string(), "complete": false})
    );
}

#[tokio::test]
async fn filters_select_events() {
    let harness = Harness::with_lobby().await;
    let event = |event_type: &str, target: Option<&str>, chat: Option<&str>| json!({"type": event_type, "data": 1, "target": target, "chat": chat});
    let events = json!({"sender": "ada", "events": [
        event("a.b", Some("bob"), None),
        event("a.c", None, Some("main")),
        event("d", Some("eve,cat"), None),
        event("a.e", Some("role:referee"), Some("main")),
    ]});
    let (status, answer) = harness.post("/v1/worlds/lobby/events", events).await;
    assert_eq!(status, 201, "{answer}");
    harness.send("end", json!(1)).await;
    for (query, expected) in [
        ("type=a.b", vec!["a.b"]),
        ("type=a.*", vec!["a.b", "a.c", "a.e"]),
        ("chat=main", vec!["a.c", "a.e"]),
        ("type=a.*&chat=main", vec!["a.c", "a.e"]),
        ("entity=bob", vec!["world.created", "a.b", "a.c", "end"]),
        ("entity=cat&type=d", vec!["d"]),
    ] {
        let mut stream = harness.stream(&format!("after=0&{query}")).await;
        stream.expect("ready").await;
        for event_type in expected {
            stream.expect(event_type).await;
        }
    }
}

#[tokio::test]
async fn an_event_that_was_stored_but_not_republished_is_found() {
    let harness = Harness::with_lobby().await;
    let world: WorldId = "lobby".parse().unwrap();
    let raw = Raw::connect(&harness.nats.url()).await;
    let mut stream = harness.stream("").await;
    stream.expect("ready").await;
    // It gets lost, and nothing follows.
    let republish = raw.hold_back(LOG_STREAM).await;
    scripted_world::append(&harness.bus, &world, vec![number(0), number(1)]).await;
    assert_eq!(stream.numbers(2).await, [0, 1]);
    // It gets lost, and the next one shows the gap.
    scripted_world::append(&harness.bus, &world, vec![number(2), number(3)]).await;
    raw.pass_on(LOG_STREAM, republish).await;
    scripted_world::append(&harness.bus, &world, vec![number(4)]).await;
    assert_eq!(stream.numbers(3).await, [2, 3, 4]);
}

#[tokio::test]
async fn no_event_is_missed_while_nats_is_unavailable() {
    let mut harness = Harness::with_lobby().await;
    let mut stream = harness.stream("").await;
    stream.expect("ready").await;
    harness.send_numbers(0..3).await;
    assert_eq!(stream.numbers(3).await, [0, 1, 2]);
    harness.nats.restart();
    testkit::eventually("an event is accepted again", async || {
        let body = json!({"sender": "ada", "type": "test.n", "data": 3});
        harness.post("/v1/worlds/lobby/events", body).await.0 == 201
    })
    .await;
    assert_eq!(stream.numbers(1).await, [3]);
}

#[tokio::test]
async fn a_lagging_client_is_closed_and_can_resume() {
    let limits = Limits {
        backlog_max: 4,
        ..Limits::default()
    };
    let harness = Harness::start_with(Config {
        limits,
        ..Config::default()
    })
    .await;
    harness.post("/v1/worlds", json!({"id": "lobby"})).await;
    let mut slow = harness.stream("").await;
    slow.expect("ready").await;
    // More than the buffers of both sides hold.
    let big = "x".repeat(400_000);
    for _ in 0..40 {
        harness.send("big", json!(big)).await;
    }
    let mut last = None;
    let error = loop {
        let event = slow.next().await.expect("an error before the end");
        if event.event == "error" {
            break event;
        }
        last = Some(event.id);
    };
    assert_eq!(error.data, r#"{"code":3008,"reason":"slow"}"#);
    assert!(slow.next().await.is_none());
    // It resumes from its last event.
    let request = harness
        .http
        .get(harness.url("/v1/worlds/lobby/events/stream"));
    let mut resumed = Sse::open(request.header("last-event-id", last.unwrap())).await;
    assert_eq!(resumed.expect("ready").await.1["complete"], true);
    resumed.expect("big").await;
}

#[tokio::test]
async fn a_client_that_is_behind_by_many_bytes_reads_them_from_the_log() {
    let harness = Harness::with_lobby().await;
    let mut slow = harness.stream("").await;
    slow.expect("ready").await;
    // More than the buffers of both sides and the backlog of the world hold.
    let big = "x".repeat(400_000);
    for n in 0..80 {
        harness.send("big", json!([n, big])).await;
    }
    for n in 0..80 {
        let (_, event) = slow.expect("big").await;
        assert_eq!(event["data"][0], n);
    }
}

#[tokio::test]
async fn a_message_streams_its_turn_and_ends() {
    let harness = Harness::with_lobby().await;
    let body = json!({"sender": "bob", "text": "hello", "stream": true});
    let path = harness.url("/v1/worlds/lobby/chats/main/messages");
    let mut turn = Sse::open(harness.http.post(path).json(&body)).await;
    let (event, message) = turn.expect("message").await;
    assert_eq!(event.id, format!("{}.0", message["seq"]));
    assert_eq!(turn.expect("chunk").await.1["text"], "you said ");
    assert_eq!(turn.expect("chunk").await.1["text"], "hello");
    let (_, answer) = turn.expect("message.posted").await;
    assert_eq!(answer["data"]["text"], "you said hello");
    assert_eq!(answer["correlationid"], message["id"]);
    turn.expect("chat.turn_ended").await;
    assert!(turn.next().await.is_none());
}

#[tokio::test]
async fn a_turn_stream_ends_at_its_deadline() {
    let harness = Harness::start_with(Config {
        turn_deadline: Duration::from_millis(300),
        ..Config::default()
    })
    .await;
    harness.post("/v1/worlds", json!({"id": "lobby"})).await;
    let path = "/v1/worlds/lobby/chats/main/messages";
    let body = json!({"sender": "bob", "text": "silence"});
    let (status, problem) = harness.post(path, body).await;
    assert_eq!((status, &problem["code"]), (504, &json!("deadline")));
    let body = json!({"sender": "bob", "text": "silence", "stream": true});
    let mut turn = Sse::open(harness.http.post(harness.url(path)).json(&body)).await;
    turn.expect("message").await;
    assert_eq!(turn.expect("error").await.1["code"], "deadline");
    assert!(turn.next().await.is_none());
}

#[tokio::test]
async fn streams_end_with_the_gateway() {
    let mut harness = Harness::with_lobby().await;
    let mut stream = harness.stream("").await;
    stream.expect("ready").await;
    harness.shutdown.cancel();
    let (_, close) = stream.expect("error").await;
    assert_eq!(close, json!({"code": 3001, "reason": "shutdown"}));
    assert!(stream.next().await.is_none());
    harness.wait_until_ended().await;
}
