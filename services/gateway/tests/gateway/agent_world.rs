//! The door of Agent World: streams on which nothing happens.

use std::time::Duration;

use futures::StreamExt as _;
use gateway::{Config, Limits};
use serde_json::{Value, json};

use crate::support::{Harness, Sse};

const MESSAGES: &str = "/worlds/lobby/messages";
const PATIENCE: Duration = Duration::from_secs(20);

async fn lobby(config: Config) -> Harness {
    let harness = Harness::start_with(config).await;
    let created = harness.post("/v1/worlds", json!({"id": "lobby"})).await;
    assert_eq!(created.0, 201, "{}", created.1);
    harness
}

fn impatient() -> Config {
    Config {
        turn_deadline: Duration::from_millis(300),
        ..Config::default()
    }
}

#[tokio::test]
async fn whoever_waits_for_an_answer_that_does_not_come_is_told_so() {
    let harness = lobby(impatient()).await;
    let body = json!({"message": "silence", "chatId": "main", "stream": false});
    let (status, answer) = harness.post(MESSAGES, body).await;
    assert_eq!(
        (status, &answer["code"]),
        (504, &json!("CHAT_ERROR")),
        "{answer}"
    );
    assert!(answer["error"].as_str().unwrap().contains("timed out"));
}

#[tokio::test]
async fn a_stream_on_which_nothing_happens_ends_with_an_error() {
    let harness = lobby(impatient()).await;
    let body = json!({"message": "silence", "chatId": "main"});
    let request = harness.http.post(harness.at(MESSAGES)).json(&body);
    let mut stream = Sse::open(request).await;
    let mut told = Vec::new();
    while let Some(event) = stream.next().await {
        let envelope: Value = serde_json::from_str(&event.data).unwrap();
        told.push(envelope["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(told, ["message", "error"]);
}

#[tokio::test]
async fn a_silent_stream_says_that_it_is_open() {
    let limits = Limits {
        sse_heartbeat: Duration::from_millis(50),
        ..Limits::default()
    };
    let harness = lobby(Config {
        limits,
        ..Config::default()
    })
    .await;
    let url = harness.at("/api/worlds/lobby/events");
    let answer = harness.http.get(url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let mut bytes = answer.bytes_stream();
    let mut read = String::new();
    while read.len() < 9 {
        let next = tokio::time::timeout(PATIENCE, bytes.next());
        let piece = next.await.expect("a heartbeat").unwrap().unwrap();
        read.push_str(std::str::from_utf8(&piece).unwrap());
    }
    assert_eq!(read, ":\n\n:\n\n:\n\n");
}
