//! The door of Agent World: deadlines and heartbeats of streams on which nothing happens.

use std::time::Duration;

use futures::StreamExt as _;
use gateway::{Config, Limits};
use serde_json::{Value, json};

use crate::support::{Harness, Sse};

const MESSAGES: &str = "/worlds/lobby/messages";
const NEXT_WITHIN: Duration = Duration::from_secs(20);

fn with_short_deadline() -> Config {
    Config {
        turn_deadline: Duration::from_millis(300),
        ..Config::default()
    }
}

#[tokio::test]
async fn waiting_for_an_answer_ends_with_an_error_at_the_deadline() {
    let harness = Harness::with_lobby_of(with_short_deadline()).await;
    let body = json!({"message": "hello", "chatId": "main", "stream": false});
    let (status, answer) = harness.post(MESSAGES, body).await;
    assert_eq!(
        (status, &answer["code"]),
        (504, &json!("CHAT_ERROR")),
        "{answer}"
    );
    assert!(answer["error"].as_str().unwrap().contains("timed out"));
}

#[tokio::test]
async fn a_stream_without_an_answer_ends_with_an_error_at_the_deadline() {
    let harness = Harness::with_lobby_of(with_short_deadline()).await;
    let body = json!({"message": "hello", "chatId": "main"});
    let request = harness.http.post(harness.url(MESSAGES)).json(&body);
    let mut stream = Sse::open(request).await;
    let mut types = Vec::new();
    while let Some(event) = stream.next().await {
        let envelope: Value = serde_json::from_str(&event.data).unwrap();
        types.push(envelope["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types, ["message", "world", "error"]);
}

#[tokio::test]
async fn a_silent_stream_sends_heartbeats() {
    let limits = Limits {
        sse_heartbeat: Duration::from_millis(50),
        ..Limits::default()
    };
    let harness = Harness::with_lobby_of(Config {
        limits,
        ..Config::default()
    })
    .await;
    let url = harness.url("/api/worlds/lobby/events");
    let response = harness.http.get(url).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let mut bytes = response.bytes_stream();
    let mut read = String::new();
    while read.len() < 9 {
        let next = tokio::time::timeout(NEXT_WITHIN, bytes.next());
        let piece = next.await.expect("a heartbeat").unwrap().unwrap();
        read.push_str(std::str::from_utf8(&piece).unwrap());
    }
    assert_eq!(read, ":\n\n:\n\n:\n\n");
}
