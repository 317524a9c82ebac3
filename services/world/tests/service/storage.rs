//! A log whose storage is full.

use std::time::Duration;

use contract::{Command, CommandId, RejectionCode, WorldId, WorldSpec, subject};
use testkit::{NatsServer, Raw, eventually};

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

#[tokio::test(flavor = "multi_thread")]
async fn worlds_are_deleted_while_the_storage_is_full_and_make_space() {
    let config = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(config.path(), "jetstream { max_file_store: 3MB }\n").unwrap();
    let nats = NatsServer::start_with(&["-c", config.path().to_str().unwrap()]);
    let harness = Harness::start_on(nats, |config| config.deleted_kept = Duration::ZERO).await;
    let (busy, old) = (harness.create("busy").await, harness.create("old").await);
    let text = "x".repeat(8_000);
    let fill = async |world: &WorldId| loop {
        if let Err(refused) = harness.send(world, "guest", post("main", &text)).await {
            break refused;
        }
    };
    let sent = harness.send(&old, "guest", post("main", &text)).await;
    sent.unwrap();
    assert_eq!(fill(&busy).await.code, RejectionCode::StorageFull);
    let refused = fill(&old).await;
    assert_eq!(refused.code, RejectionCode::StorageFull);

    for world in [&old, &busy] {
        let deleted = harness.send(world, "world", Command::DeleteWorld).await;
        deleted.unwrap();
        assert!(harness.state(world, None).await.is_err(), "{world}");
    }
    let new: WorldId = "new".parse().unwrap();
    eventually("there is space again", async || {
        let created = Command::CreateWorld(WorldSpec::default());
        harness.send(&new, "world", created).await.is_ok()
    })
    .await;
    harness.stop().await;
}
