//! Answers: live chunks and durable frames, in one order.

use gateway::Config;
use serde_json::{Value, json};

use super::{Client, DESK};
use crate::flows::Desk;

/// Sends a message and requests an answer.
async fn request_answer(client: &mut Client, content: &str) {
    let update = json!({"type": "agent.transcript.update", "role": "user", "content": content});
    client.send(&update).await;
    client
        .send(&json!({"type": "system.llm.request", "extra_params": {}}))
        .await;
    client.expect("agent.transcript.update").await;
}

async fn expect_chunk(client: &mut Client, text: &str) -> Value {
    let chunk = client.expect("agent.llm.response.chunk").await;
    assert_eq!(chunk["text"], text, "{chunk}");
    chunk
}

#[tokio::test]
async fn a_greeting_comes_before_the_echo_of_what_it_answers() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, DESK).await;
    client.send(&json!({"type": "system.user.joined"})).await;
    let run = desk.next_run().await;
    assert_eq!(run.step.node.as_str(), "greet");
    let greeting = ("agent.speak", json!({"text": "Hello!"}));
    desk.complete(&run, "", &[greeting]).await;
    let speak = client.expect("agent.speak").await;
    assert_eq!(
        (&speak["text"], &speak["metadata"]["node"]),
        (&json!("Hello!"), &json!("greet"))
    );
    client.expect("system.user.joined").await;
}

#[tokio::test]
async fn chunks_are_live_and_the_durable_text_only_fills_what_is_missing() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, DESK).await;
    request_answer(&mut client, "hi").await;
    let start = client.expect("agent.llm.response.start").await;
    let run = desk.next_run().await;
    assert!(run.step.live && run.step.answers);
    let turn = &start["metadata"]["turn"];
    assert_eq!(*turn, json!(run.step.turn));
    desk.chunk(&run, 1, 0, "one ").await;
    let chunk = expect_chunk(&mut client, "one ").await;
    assert_eq!(
        (&chunk["metadata"]["turn"], &chunk["metadata"]["node"]),
        (turn, &json!("bot"))
    );
    desk.chunk(&run, 1, 1, "two").await;
    expect_chunk(&mut client, "two").await;
    // One is lost.
    desk.chunk(&run, 1, 3, "never seen").await;
    let log = ("agent.log", json!({"name": "note", "payload": {"n": 1}}));
    desk.complete(&run, "one two three", &[log]).await;
    let rest = expect_chunk(&mut client, " three").await;
    assert!(rest["metadata"]["position"].is_string());
    client.expect("agent.log").await;
    let end = client.expect("agent.llm.response.end").await;
    assert_eq!(end["metadata"].get("restarted"), None);
    client.expect("system.llm.request").await;

    // The next answer has no chunks.
    request_answer(&mut client, "and?").await;
    client.expect("agent.llm.response.start").await;
    desk.complete(&desk.next_run().await, "whole", &[]).await;
    expect_chunk(&mut client, "whole").await;
    client.expect("agent.llm.response.end").await;
}

#[tokio::test]
async fn another_worker_repeats_what_is_known_or_begins_anew() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, DESK).await;
    request_answer(&mut client, "hi").await;
    client.expect("agent.llm.response.start").await;
    let run = desk.next_run().await;
    desk.chunk(&run, 1, 0, "one two").await;
    expect_chunk(&mut client, "one two").await;
    desk.chunk(&run, 2, 0, "one ").await;
    desk.chunk(&run, 2, 1, "two three").await;
    expect_chunk(&mut client, " three").await;
    desk.chunk(&run, 3, 0, "one four").await;
    let end = client.expect("agent.llm.response.end").await;
    assert_eq!(end["metadata"]["restarted"], true);
    let start = client.expect("agent.llm.response.start").await;
    assert_eq!(
        (&start["metadata"]["restarted"], &start["metadata"]["turn"]),
        (&json!(true), &end["metadata"]["turn"])
    );
    expect_chunk(&mut client, "one four").await;
    desk.complete(&run, "one four", &[]).await;
    let end = client.expect("agent.llm.response.end").await;
    assert_eq!(end["metadata"].get("restarted"), None);
    client.expect("system.llm.request").await;
}

#[tokio::test]
async fn an_interrupt_ends_the_answer_once() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, DESK).await;
    request_answer(&mut client, "hi").await;
    client.expect("agent.llm.response.start").await;
    let run = desk.next_run().await;
    desk.chunk(&run, 1, 0, "one ").await;
    expect_chunk(&mut client, "one ").await;
    client
        .send(&json!({"type": "system.control.interrupt"}))
        .await;
    let end = client.expect("agent.llm.response.end").await;
    assert_eq!(end["metadata"]["interrupted"], true);
    client.expect("system.llm.request").await;
    client.expect("system.control.interrupt").await;
    // What comes late is nothing to anybody.
    desk.chunk(&run, 1, 1, "two").await;
    request_answer(&mut client, "again").await;
    client.expect("agent.llm.response.start").await;
    desk.complete(&desk.next_run().await, "yes", &[]).await;
    expect_chunk(&mut client, "yes").await;
}

#[tokio::test]
async fn a_client_that_resumes_in_an_answer_gets_all_of_it() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, ready) = Client::begin(&desk.harness, DESK).await;
    request_answer(&mut client, "hi").await;
    let start = client.expect("agent.llm.response.start").await;
    let run = desk.next_run().await;
    desk.chunk(&run, 1, 0, "one ").await;
    expect_chunk(&mut client, "one ").await;
    drop(client);
    let session = ready["metadata"]["session"].as_str().unwrap();
    let after = start["metadata"]["position"].as_str().unwrap();
    let resume = format!("{DESK}?session={session}&after={after}");
    let mut client = Client::connect(&desk.harness, &resume).await;
    client.expect("agent.ready").await;
    desk.chunk(&run, 1, 1, "two").await;
    desk.complete(&run, "one two", &[]).await;
    let end = client.expect("agent.llm.response.end").await;
    assert_eq!(end["metadata"]["restarted"], true);
    client.expect("agent.llm.response.start").await;
    expect_chunk(&mut client, "one two").await;
    client.expect("agent.llm.response.end").await;
    client.expect("system.llm.request").await;
}

#[tokio::test]
async fn an_absent_field_that_clients_want_is_null() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, DESK).await;
    request_answer(&mut client, "hi").await;
    client.expect("agent.llm.response.start").await;
    let transfer = json!({
        "transfer_call_number": "+1", "transfer_options": {"type": "cold_transfer"},
    });
    let run = desk.next_run().await;
    desk.complete(&run, "", &[("agent.transfer_call", transfer)])
        .await;
    let transfer = client.expect("agent.transfer_call").await;
    assert_eq!(transfer.get("on_hold_music"), Some(&json!(null)));
    client.expect("agent.llm.response.end").await;
}
