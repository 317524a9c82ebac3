//! A log whose storage is full.

use contract::{CommandId, RejectionCode, subject};
use testkit::{Raw, eventually};

use crate::support::{Harness, post};

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_refused_and_reads_go_on_until_there_is_space() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let raw = Raw::connect(&harness.nats.url()).await;
    raw.limit_stream(subject::LOG_STREAM, Some(4_000)).await;
    let text = format!("@nobody {}", "x".repeat(500));
    let mut stored = Vec::new();
    let refused = loop {
        let id = CommandId::new();
        match harness
            .send_as(&world, id, "guest", post("main", &text))
            .await
        {
            Ok(accepted) => stored.push((id, accepted)),
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.code, RejectionCode::StorageFull);
    // Each command is refused, also the one with which the log is tried again.
    for _ in 0..20 {
        let refused = harness.send(&world, "guest", post("main", &text)).await;
        assert_eq!(refused.unwrap_err().code, RejectionCode::StorageFull);
    }
    // What was stored is there, and a repeat gets its answer.
    let state = harness.state(&world, None).await.unwrap();
    let messages = state["chats"]["main"]["messages"].as_array().map(Vec::len);
    assert_eq!(messages, Some(stored.len()));
    for (id, accepted) in &stored {
        let again = harness.send_as(&world, *id, "guest", post("main", &text));
        assert_eq!(again.await.unwrap(), *accepted);
    }
    raw.limit_stream(subject::LOG_STREAM, None).await;
    eventually("commands are accepted again", async || {
        let sent = harness.send(&world, "guest", post("main", &text)).await;
        sent.is_ok()
    })
    .await;
    let state = harness.state(&world, None).await.unwrap();
    let messages = state["chats"]["main"]["messages"].as_array().map(Vec::len);
    assert_eq!(messages, Some(stored.len() + 1));
    harness.stop().await;
}
