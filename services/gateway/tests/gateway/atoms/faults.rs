//! What clients do wrong, and how much they may cost.

use std::time::Duration;

use gateway::{Config, Limits};
use serde_json::json;

use super::{Client, GATE, init};
use crate::flows::Desk;

#[tokio::test]
async fn a_first_frame_that_is_no_init_ends_the_connection() {
    let desk = Desk::start(Config::default()).await;
    let mut odd = init();
    odd["session_context"]["conversation_type"] = json!("fax");
    for (frame, code, field) in [
        (
            json!({"type": "system.user.joined"}).to_string(),
            "init_expected",
            json!("type"),
        ),
        ("no json".to_owned(), "malformed_json", json!(null)),
        (
            json!({"type": "system.init"}).to_string(),
            "invalid",
            json!("version"),
        ),
        (
            odd.to_string(),
            "invalid",
            json!("session_context.conversation_type"),
        ),
    ] {
        let mut client = Client::connect(&desk.harness, GATE).await;
        client.send_bytes(frame.into_bytes()).await;
        let error = client.expect("agent.error").await;
        assert_eq!(error["severity"], "fatal", "{error}");
        assert_eq!(
            (&error["payload"]["code"], &error["payload"]["field"]),
            (&json!(code), &field),
            "{error}"
        );
        assert_eq!(client.closed().await, 4400);
    }
    assert_eq!(
        desk.harness.get("/v1/worlds/desk/sessions").await.1["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_client_that_sends_no_first_frame_is_closed() {
    let desk = Desk::start(Config::default()).await;
    let mut client = Client::connect(&desk.harness, GATE).await;
    assert_eq!(client.closed().await, 4408);
}

#[tokio::test]
async fn an_invalid_frame_is_a_warning_and_the_connection_stays() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, GATE).await;
    let large = |bytes| json!({"type": "my.large", "text": "x".repeat(bytes)}).to_string();
    for (frame, code, field) in [
        ("{".to_owned(), "malformed_json", json!(null)),
        ("[]".to_owned(), "malformed_json", json!(null)),
        (json!({"id": "a"}).to_string(), "invalid", json!("type")),
        (
            json!({"type": "a", "metadata": 1}).to_string(),
            "invalid",
            json!("metadata"),
        ),
        (json!({"type": ""}).to_string(), "invalid", json!("type")),
        (large(100_000), "too_large", json!("data")),
        (large(1_000_000), "too_large", json!("data")),
        // The world itself refuses what is not what its type promises.
        (
            json!({"type": "agent.transcript.update", "role": "user"}).to_string(),
            "invalid_payload",
            json!("content"),
        ),
        (init().to_string(), "already_started", json!(null)),
    ] {
        client.send_bytes(frame.clone().into_bytes()).await;
        let error = client.expect("agent.error").await;
        let short: String = frame.chars().take(80).collect();
        assert_eq!(error["severity"], "warning", "{short} {error}");
        assert_eq!(error["payload"]["code"], code, "{short} {error}");
        let found = error["payload"].get("field").cloned().unwrap_or_default();
        assert_eq!(found, field, "{short} {error}");
    }
    client.send(&json!({"type": "my.one"})).await;
    client.expect("my.one").await;
}

#[tokio::test]
async fn nothing_is_before_ready() {
    let desk = Desk::start(Config::default()).await;
    for _ in 0..20 {
        let mut client = Client::connect(&desk.harness, GATE).await;
        client.send(&init()).await;
        client.send_bytes(b"{".to_vec()).await;
        client.expect("agent.ready").await;
        client.expect("agent.error").await;
    }
}

#[tokio::test]
async fn a_frame_of_more_than_a_mebibyte_closes_the_connection() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, GATE).await;
    client.send_bytes(vec![b'x'; (1 << 20) + 1]).await;
    assert_eq!(client.closed().await, 1009);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let limits = Limits {
        write_timeout: Duration::from_millis(500),
        ..Limits::default()
    };
    let desk = Desk::start(Config {
        limits,
        ..Config::default()
    })
    .await;
    let mut client = Client::connect_with_small_buffer(&desk.harness, GATE).await;
    client.send(&init()).await;
    let ready = client.expect("agent.ready").await;
    let session = ready["metadata"]["session"].as_str().unwrap();
    let path = format!("/v1/worlds/desk/sessions/{session}/events");
    let text = "x".repeat(60_000);
    let event = json!({"type": "my.large", "data": {"text": text}});
    // More than the buffers of both sockets hold.
    for _ in 0..200 {
        let (status, sent) = desk.harness.post(&path, json!({"events": [event]})).await;
        assert_eq!(status, 201, "{sent}");
    }
    assert_eq!(client.closed().await, 3008);
}
