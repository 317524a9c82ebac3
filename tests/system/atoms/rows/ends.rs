//! What outlives a connection, and a worker.

use serde_json::json;

use super::super::client::types;
use super::answers::{request, text_of};
use super::desk::Desk;

pub(super) async fn what_was_queued_is_there_after_a_disconnection(desk: &Desk) {
    let (mut client, ready) = desk.begin("held").await;
    for n in 0..5 {
        client.send(&json!({"type": "note", "n": n})).await.unwrap();
    }
    drop(client);
    let mut client = desk.resume("held", &ready).await;
    assert_eq!(
        client.expect("agent.ready").await["metadata"]["resumed"],
        true
    );
    desk.gates.notes.add_permits(5);
    for n in 0..5 {
        assert_eq!(client.expect("note").await["n"], n);
    }
}

pub(super) async fn another_worker_answers_once(desk: &mut Desk) {
    let (mut client, _) = desk.begin("script").await;
    request(&mut client, "hi").await;
    let mut frames = client.until("agent.llm.response.chunk").await;
    desk.cluster.replica("agent-worker", 0).restart();
    frames.extend(client.until("system.llm.request").await);
    assert_eq!(text_of(&frames), "one two three four five six");
    let found = types(&frames);
    for once in ["agent.llm.response.start", "agent.llm.response.end"] {
        let count = found.iter().filter(|found| **found == once).count();
        assert_eq!(count, 1, "{frames:?}");
    }
}
