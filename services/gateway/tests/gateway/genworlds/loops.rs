//! Frames that repeat what their clients have just received.

use std::collections::BTreeMap;

use futures::{SinkExt as _, StreamExt as _};
use gateway::Config;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, event};
use crate::support::Harness;

const SPEAKS: &str = "agent_speaks_with_agent_event";

async fn start() -> Harness {
    let harness = Harness::start_with(Config::default()).await;
    let created = harness.post("/v1/worlds", json!({"id": "lobby"})).await;
    assert_eq!(created.0, 201, "{}", created.1);
    harness
}

/// What GenWorlds' own AgentSpeaksWithAgent does: it is triggered by the event that it emits. Its class keeps
/// the fields that it knows, and writes times in its own way.
fn echo(received: &Value) -> Value {
    let time = received["created_at"].as_str().unwrap();
    let time = match time.strip_suffix('Z') {
        Some(time) => format!("{time}000+00:00"),
        None => time.to_owned(),
    };
    json!({
        "event_type": received["event_type"], "description": received["description"],
        "summary": received["summary"], "created_at": time, "sender_id": received["sender_id"],
        "target_id": received["target_id"], "message": received["message"],
    })
}

/// Agents of GenWorlds: each handles what is for it, or for everyone.
struct Agents {
    _tasks: JoinSet<()>,
}

impl Agents {
    async fn start(harness: &Harness, ids: &[&'static str]) -> Self {
        let mut agents = JoinSet::new();
        for id in ids.iter().copied() {
            let mut client = Client::open(harness, "/ws/lobby").await;
            agents.spawn(async move {
                while let Some(Ok(message)) = client.0.next().await {
                    let Message::Text(text) = message else {
                        continue;
                    };
                    let received: Value = serde_json::from_str(&text).unwrap();
                    let target = received["target_id"].as_str();
                    let frame = match received["event_type"].as_str() {
                        _ if target.is_some_and(|target| target != id) => continue,
                        Some(SPEAKS) => echo(&received),
                        Some("flush") => event("flushed", id, None),
                        _ => continue,
                    };
                    client
                        .0
                        .send(Message::text(frame.to_string()))
                        .await
                        .unwrap();
                }
            });
        }
        Self { _tasks: agents }
    }
}

/// How often each message was stored until `end` was.
async fn counts(recorder: &mut Client) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    loop {
        let frame = recorder.receive().await;
        match frame["event_type"].as_str().unwrap() {
            SPEAKS => {
                let message = frame["message"].as_str().unwrap().to_owned();
                *counts.entry(message).or_default() += 1;
            }
            "end" => return counts,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_message_is_stored_once_no_matter_who_returns_it() {
    for agents in [
        &["john"][..],
        &["john", "matthew"],
        &["john", "matthew", "eve"],
    ] {
        let harness = start().await;
        let mut starter = Client::open(&harness, "/ws/lobby").await;
        let _agents = Agents::start(&harness, agents).await;
        let mut expected = BTreeMap::new();
        for (sender, target) in [
            ("test_user", Some("john")),
            ("john", None),
            ("matthew", Some("john")),
            ("john", Some("john")),
            ("eve", None),
        ] {
            let message = format!("{sender} to {target:?}");
            let mut sent = event(SPEAKS, sender, target);
            sent["message"] = json!(message);
            starter.send(&sent).await;
            expected.insert(message, 1);
        }
        // What an agent sends back is before its answer; what that causes, before the next one.
        for _ in 0..5 {
            starter.send(&event("flush", "test_user", None)).await;
            for _ in agents {
                while starter.receive().await["event_type"] != "flushed" {}
            }
        }
        let mut recorder = Client::open(&harness, "/ws/lobby?observe=all&after=1.0").await;
        starter.send(&event("end", "test_user", None)).await;
        let counts = counts(&mut recorder).await;
        assert_eq!(counts, expected, "{agents:?}");
    }
}

#[tokio::test]
async fn the_same_words_at_another_time_are_another_event() {
    let harness = start().await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    let mut sent = event(SPEAKS, "john", None);
    sent["message"] = json!("yes");
    john.send_and_receive(&sent).await;
    sent["created_at"] = json!("2023-10-09T12:56:43.000001");
    john.send_and_receive(&sent).await;
    // Sent once more it is no event, for this client or for another one, and has no reply.
    let mut matthew = Client::open(&harness, "/ws/lobby").await;
    john.send(&sent).await;
    matthew.send(&sent).await;
    // Without a time each is its own.
    sent.as_object_mut().unwrap().remove("created_at");
    john.send_and_receive(&sent).await;
    john.send_and_receive(&sent).await;
    john.send(&event("end", "john", None)).await;
    assert_eq!(john.types_until("end").await, ["end"]);
    assert_eq!(
        counts(&mut recorder).await,
        BTreeMap::from([("yes".to_owned(), 4)])
    );
}

#[tokio::test]
async fn what_is_sent_back_after_a_reconnect_is_no_event() {
    let harness = start().await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    let mut matthew = Client::open(&harness, "/ws/lobby").await;
    let mut sent = event(SPEAKS, "john", Some("matthew"));
    sent["message"] = json!("Hello");
    john.send_and_receive(&sent).await;
    let received = matthew.receive().await;
    drop(matthew);
    let mut matthew = Client::open(&harness, "/ws/lobby").await;
    matthew.send(&echo(&received)).await;
    // With all that the log has added, too.
    matthew.send(&received).await;
    matthew.send(&event("end", "matthew", None)).await;
    assert_eq!(
        counts(&mut recorder).await,
        BTreeMap::from([("Hello".to_owned(), 1)])
    );
}
