//! Answers: what may come between them, and what does not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::client::{Client, types};
use super::desk::Desk;
use super::wire::lives;

const START: &str = "agent.llm.response.start";
const CHUNK: &str = "agent.llm.response.chunk";
const END: &str = "agent.llm.response.end";
const REQUEST: &str = "system.llm.request";

pub(super) async fn request(client: &mut Client, content: &str) {
    let request = json!({"type": REQUEST, "content": content});
    client.send(&request).await.unwrap();
}

/// The chunks among frames, joined.
pub(super) fn text_of<'a>(frames: impl IntoIterator<Item = &'a Value>) -> String {
    let chunks = frames.into_iter().filter(|frame| frame["type"] == CHUNK);
    chunks
        .map(|chunk| chunk["text"].as_str().unwrap())
        .collect()
}

pub(super) async fn a_waiting_transcript_outlives_an_interrupt(desk: &Desk) {
    let (mut client, _) = desk.begin("talk").await;
    request(&mut client, "wait").await;
    client.until(CHUNK).await;
    let update = json!({"type": "agent.transcript.update", "role": "user", "content": "kept"});
    client.send(&update).await.unwrap();
    client
        .send(&json!({"type": "system.control.interrupt"}))
        .await
        .unwrap();
    // The end of the answer, the request, the transcript and the interrupt.
    let frames = client.receive(4).await;
    assert_eq!(
        (&frames[0]["type"], &frames[0]["metadata"]["interrupted"]),
        (&json!(END), &json!(true))
    );
    let mut found = types(&frames);
    found.sort_unstable();
    let expected = [
        END,
        "agent.transcript.update",
        "system.control.interrupt",
        REQUEST,
    ];
    assert_eq!(found, expected);
    client.send(&json!({"type": REQUEST})).await.unwrap();
    let frames = client.until(REQUEST).await;
    assert!(text_of(&frames).contains("kept"), "{frames:?}");
}

pub(super) async fn no_request_is_answered_after_the_end_of_a_call(desk: &Desk) {
    let (mut client, ready) = desk.begin("leaving").await;
    request(&mut client, "hi").await;
    let frames = client.until(REQUEST).await;
    let expected = [START, CHUNK, "agent.end_call", END, REQUEST];
    assert_eq!(types(&frames), expected);
    request(&mut client, "are you there?").await;
    // It comes back without an answer.
    client.expect(REQUEST).await;
    assert_eq!(desk.session(&ready).await["status"], "open");

    let (mut client, _) = desk.begin("closing").await;
    request(&mut client, "hi").await;
    client.until("agent.end_call").await;
    assert_eq!(client.closed().await, Some(1000));
}

pub(super) async fn frames_of_two_nodes_are_attributable(desk: &Desk) {
    let (mut client, _) = desk.begin("two").await;
    request(&mut client, "hi").await;
    let frames = client.until(REQUEST).await;
    let turn = &frames[0]["metadata"]["turn"];
    for node in ["x", "y"] {
        let of_node = frames
            .iter()
            .filter(|frame| frame["metadata"]["node"] == node);
        let of_node: Vec<Value> = of_node.cloned().collect();
        assert_eq!(types(&of_node), [START, CHUNK, END], "{frames:?}");
        assert!(
            of_node
                .iter()
                .all(|frame| frame["metadata"]["turn"] == *turn)
        );
        assert_eq!(text_of(&of_node), "hi");
    }
    assert_eq!(frames.len(), 7, "{frames:?}");
    assert!(turn.is_string());
}

pub(super) async fn a_session_that_blocks_delays_no_other(desk: &Desk) {
    let (mut blocked, _) = desk.begin("talk").await;
    request(&mut blocked, "block").await;
    blocked.until(CHUNK).await;
    let (mut other, _) = desk.begin("talk").await;
    request(&mut other, "hi").await;
    assert_eq!(text_of(&other.until(REQUEST).await), "hi");
    lives(&mut other).await;
    let thread = Arc::clone(&desk.gates.thread);
    tokio::task::spawn_blocking(move || thread.wait())
        .await
        .unwrap();
    assert_eq!(text_of(&blocked.until(REQUEST).await), "two");
}
