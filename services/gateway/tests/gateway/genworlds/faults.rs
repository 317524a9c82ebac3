//! Faults of GenWorlds that this door does not have.

use std::time::Duration;

use futures::SinkExt as _;
use gateway::{ApiKey, Config, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, event, start};
use crate::support::Harness;

/// A plain TCP client that upgrades to a WebSocket, and then neither reads nor writes.
async fn open_raw(harness: &Harness) -> TcpStream {
    let address = harness.base_url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let upgrade = "GET /ws/lobby HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    stream
}

#[tokio::test]
async fn a_client_that_disconnects_does_not_affect_a_sender() {
    let harness = start(Config::default()).await;
    let mut sender = Client::open(&harness, "/ws/lobby?entity=john").await;
    for with_close in [true, false] {
        for _ in 0..4 {
            let mut receiver = Client::open(&harness, "/ws/lobby").await;
            sender.send(&event("before", "john", None)).await;
            receiver.types_until("before").await;
            if with_close {
                receiver.0.close(None).await.unwrap();
            }
            drop(receiver);
            for _ in 0..5 {
                sender.send(&event("n", "john", None)).await;
            }
            sender.send(&event("after", "john", None)).await;
            let expected = ["before", "n", "n", "n", "n", "n", "after"];
            assert_eq!(sender.types_until("after").await, expected);
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_does_not_affect_others() {
    let limits = Limits {
        genworlds_busy_max: Duration::from_millis(200),
        ..Limits::default()
    };
    let harness = start(Config {
        limits,
        ..Config::default()
    })
    .await;
    let stuck = open_raw(&harness).await;
    let mut healthy = Client::open(&harness, "/ws/lobby").await;
    let mut sent = event("n", "john", None);
    sent["message"] = Value::from("x".repeat(100_000));
    let mut sender = Client::open(&harness, "/ws/lobby?entity=john").await;
    // Several times what the buffers of both sides hold.
    for n in 0..200 {
        sent["n"] = json!(n);
        sender.send(&sent).await;
        assert_eq!(sender.receive().await["n"], n);
        assert_eq!(healthy.receive().await["n"], n);
    }
    let mut newcomer = Client::open(&harness, "/ws/lobby").await;
    newcomer.send_and_receive(&event("end", "eve", None)).await;
    assert_eq!(healthy.types_until("end").await, ["end"]);
    // The stuck client was disconnected: its stream ends before it has all frames.
    let mut stuck = stuck;
    let mut read = Vec::new();
    // A reset is an end as well.
    let _ = stuck.read_to_end(&mut read).await;
    assert!(read.len() < 200 * 100_000, "{}", read.len());
}

#[tokio::test]
async fn an_agent_that_forwards_received_events_causes_no_storm() {
    let harness = start(Config::default()).await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut sent = event("agent_speaks_with_agent_event", "john", Some("matthew"));
    sent["message"] = json!("Hello");
    john.send(&sent).await;
    // What GenWorlds' own AgentSpeaksWithAgent does: it is triggered by the event that it emits.
    let mut received = matthew.receive().await;
    matthew.send(&received).await;
    let error = matthew.receive_error("forged_sender").await;
    assert_eq!(error["refused"], "agent_speaks_with_agent_event");
    assert_eq!(error["target_id"], "matthew");
    // Sent in its own name it is one more event, which is not for itself.
    received["sender_id"] = json!("matthew");
    received["target_id"] = json!("john");
    matthew.send(&received).await;
    matthew.send(&event("end", "matthew", None)).await;
    let speaks = "agent_speaks_with_agent_event";
    assert_eq!(recorder.types_until("end").await, [speaks, speaks, "end"]);
}

#[tokio::test]
async fn no_client_receives_the_abilities_of_another() {
    let harness = start(Config::default()).await;
    let mut clients = Vec::new();
    for name in ["john", "matthew"] {
        let client = Client::open(&harness, "/ws/lobby").await;
        clients.push((name, client));
    }
    for _ in 0..3 {
        for (name, client) in &mut clients {
            client
                .send(&event("agent_wants_updated_state", name, Some("lobby")))
                .await;
        }
        for (name, client) in &mut clients {
            let entities = client.receive().await;
            assert_eq!(entities["target_id"], *name);
            let schemas = client.receive().await;
            assert_eq!(schemas["target_id"], *name);
            let abilities = schemas["available_action_schemas"].as_object().unwrap();
            let expected = format!("{name}:{name}Speaks");
            assert_eq!(abilities.keys().collect::<Vec<_>>(), [&expected]);
        }
    }
}

#[tokio::test]
async fn a_reconnected_client_receives_what_it_missed() {
    let harness = start(Config::default()).await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut sent = event("n", "john", Some("matthew"));
    sent["n"] = json!(1);
    john.send_and_receive(&sent).await;
    let received = matthew.receive().await;
    let last = received["sequence"].as_str().unwrap();
    drop(matthew);
    for n in 2..=9 {
        sent["n"] = json!(n);
        john.send_and_receive(&sent).await;
        let for_other = event("for_other", "john", Some("mic"));
        john.send_and_receive(&for_other).await;
    }
    let address = format!("/ws/lobby?entity=matthew&after={last}");
    let mut matthew = Client::open(&harness, &address).await;
    for n in 2..=9 {
        assert_eq!(matthew.receive().await["n"], n);
    }
    john.send(&event("end", "john", None)).await;
    assert_eq!(matthew.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn a_client_can_not_send_as_another() {
    let harness = start(Config::default()).await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut eve = Client::open(&harness, "/ws/lobby").await;
    // No client may send as the world or as an agent that workers run; the connection has no sender yet.
    for name in ["world", "lobby", "ada"] {
        eve.send(&event("a", name, None)).await;
        let error = eve.receive_error("forged_sender").await;
        assert_eq!(error["field"], "sender_id", "{name}");
        assert_eq!(error["target_id"], Value::Null);
    }
    eve.send_and_receive(&event("a", "eve", None)).await;
    for name in ["world", "lobby", "ada"] {
        eve.send(&event("b", name, None)).await;
        let error = eve.receive_error("forged_sender").await;
        assert_eq!(error["target_id"], "eve", "{name}");
    }
    // One that names its entity is that one only.
    let mut max = Client::open(&harness, "/ws/lobby?entity=max").await;
    for name in ["john", "someone", "eve", "lobby"] {
        max.send(&event("b", name, None)).await;
        let error = max.receive_error("forged_sender").await;
        assert_eq!(error["target_id"], "max", "{name}");
    }
    eve.send_and_receive(&event("end", "eve", None)).await;
    assert_eq!(recorder.types_until("end").await, ["a", "end"]);
    let mut ada = Client::open(&harness, "/ws/lobby?entity=ada").await;
    ada.receive_error("forged_sender").await;
    assert_eq!(u16::from(ada.closed().await.code), 3501);
}

#[tokio::test]
async fn pages_of_other_origins_are_rejected() {
    let harness = start(Config::default()).await;
    let evil = Some("https://evil.example");
    let result = Client::open_from(&harness, "/ws/lobby", evil).await;
    let error = result.err().unwrap().to_string();
    assert!(error.contains("403"), "{error}");
    let ours = Some("http://localhost:3000");
    assert!(Client::open_from(&harness, "/ws/lobby", ours).await.is_ok());
}

#[tokio::test]
async fn a_client_without_a_key_is_rejected() {
    let harness = Harness::start_with(Config {
        api_keys: vec![ApiKey::new("secret")],
        ..Config::default()
    })
    .await;
    let world = harness
        .http
        .post(harness.url("/v1/worlds"))
        .bearer_auth("secret");
    let world = world.json(&json!({"id": "lobby"})).send().await.unwrap();
    assert_eq!(world.status(), 201);
    for address in ["/ws/lobby", "/ws/lobby?observe=all&api_key=wrong"] {
        let result = Client::open_from(&harness, address, None).await;
        let error = result.err().unwrap().to_string();
        assert!(error.contains("401"), "{error}");
    }
    // With a key, any origin is accepted.
    let address = "/ws/lobby?observe=all&api_key=secret";
    let page = Some("https://friend.example");
    let mut client = Client::open_from(&harness, address, page).await.unwrap();
    client.send_and_receive(&event("a", "me", None)).await;
}

#[tokio::test]
async fn an_invalid_frame_reaches_no_client() {
    let harness = start(Config::default()).await;
    let mut other = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut client = Client::open(&harness, "/ws/lobby").await;
    for (frame, code, field) in [
        ("no json", "malformed_json", None),
        ("[]", "invalid", None),
        ("{}", "invalid", Some("event_type")),
        (r#"{"event_type":"a"}"#, "invalid", Some("sender_id")),
        (
            r#"{"event_type":"world.created","sender_id":"me"}"#,
            "reserved_type",
            Some("event_type"),
        ),
    ] {
        client.0.send(Message::text(frame)).await.unwrap();
        let error = client.receive_error(code).await;
        assert_eq!(error["field"].as_str(), field, "{frame}");
        assert_eq!(error["sender_id"], "lobby");
        assert_eq!(error["description"], error["detail"]);
    }
    client.0.send(Message::binary(vec![1])).await.unwrap();
    client.receive_error("unsupported_media_type").await;
    client.send_and_receive(&event("end", "me", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn a_client_without_pongs_is_closed() {
    let limits = Limits {
        ping_every: Duration::from_millis(50),
        genworlds_busy_max: Duration::from_millis(200),
        ..Limits::default()
    };
    let harness = start(Config {
        limits,
        ..Config::default()
    })
    .await;
    let mut stream = open_raw(&harness).await;
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    // The close frame is the last: its code and its reason.
    assert!(read.ends_with(&[&3012_u16.to_be_bytes()[..], b"no pong"].concat()));
}
