//! A world that is newer than its clients, as worlds are while a system is upgraded.

use std::time::Duration;

use contract::command::View;
use contract::{CommandId, CommandRequest, Commit, CommitId, subject};
use serde_json::{Value, json};
use testkit::Raw;

use crate::support::{DEADLINE, Harness, post};

/// Some attempts of a sender.
const ATTEMPTS: Duration = Duration::from_secs(1);

/// Requests as gateways and workers of earlier builds write them, in one batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_an_earlier_build_is_served_and_an_unknown_request_is_refused() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    harness
        .send(&world, "guest", post("main", "hello"))
        .await
        .unwrap();
    let raw = Raw::connect(&harness.nats.url()).await;
    let command = json!({
        "id": CommandId::new(), "sender": "guest",
        "command": {"post_message": {"chat": "main", "text": "hi"}},
    });
    let batch = json!([
        {"request": {"state": {}}},
        {"request": {"state": {"view": "outline"}}},
        {"request": {"state": {"at": 1}}},
        {"request": {"state": {"view": {"of_tomorrow": {}}}}},
        {"request": {"of_tomorrow": {"agent": "ada"}}},
        {"request": {"command": command}},
    ]);
    let replies = raw.request_text(subject::command(&world), batch.to_string());
    let replies: Vec<Value> = serde_json::from_str(&replies.await.unwrap()).unwrap();
    assert_eq!(replies.len(), 6);
    let [full, outline, past] = [0, 1, 2].map(|at| &replies[at]["state"]);
    let messages = |state: &Value| state["state"]["chats"]["main"]["messages"].clone();
    assert_eq!(messages(full).as_array().map(Vec::len), Some(1));
    assert_eq!(messages(outline), Value::Null);
    assert_eq!(outline["state"]["entities"]["ada"]["kind"], "agent");
    assert_eq!(
        (&past["seq"], &past["state"]["seq"]),
        (&json!(1), &json!(1))
    );
    for unknown in [3, 4] {
        assert_eq!(replies[unknown]["rejected"]["code"], "invalid");
    }
    let accepted = replies[5]["accepted"]["seq"].as_u64().unwrap();
    let worlds = harness.bus.worlds();
    let read = worlds.encoded_view(&world, View::Whole.into(), None, DEADLINE);
    assert!(read.await.unwrap().seq >= accepted);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_newer_rules_have_changed_is_refused() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let log = harness.bus.log();
    let last = log.last_seq(&world).await.unwrap();
    let entry = log.read(&world, last - 1).await.unwrap().remove(0);
    let newer = Commit {
        clock: None,
        id: CommitId::new(),
        rules: rules::VERSION + 1,
        commands: Vec::new(),
        events: Vec::new(),
        ..entry.commit().unwrap()
    };
    log.append(&world, &newer, last).await.unwrap();
    let command = CommandRequest {
        id: CommandId::new(),
        sender: "guest".parse().unwrap(),
        command: post("main", "hello"),
        trace: None,
        run: None,
        principal: None,
    };
    let sent = harness.bus.worlds().command(&world, command, ATTEMPTS);
    let refused = sent.await.unwrap_err().to_string();
    assert!(refused.contains("of the rules"), "{refused}");
    assert_eq!(log.last_seq(&world).await.unwrap(), last + 1);
    // Other worlds are served.
    let other = harness.create("kitchen").await;
    harness
        .send(&other, "guest", post("main", "hello"))
        .await
        .unwrap();
    harness.stop().await;
}
