//! What was wrong in GenWorlds, and is not here.

use std::time::Duration;

use futures::SinkExt as _;
use gateway::{ApiKey, Config, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, event, start};
use crate::support::Harness;

/// A client that opens a WebSocket by hand, and does nothing more.
async fn by_hand(harness: &Harness) -> TcpStream {
    let address = harness.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let upgrade = "GET /ws/lobby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    stream
}

#[tokio::test]
async fn a_listener_that_leaves_takes_no_speaker_with_it() {
    let harness = start(Config::default()).await;
    let mut speaker = Client::open(&harness, "/ws/lobby?entity=john").await;
    for polite in [true, false] {
        for _ in 0..4 {
            let mut listener = Client::open(&harness, "/ws/lobby").await;
            speaker.say(&event("before", "john", None)).await;
            listener.types_until("before").await;
            if polite {
                listener.0.close(None).await.unwrap();
            }
            drop(listener);
            for _ in 0..5 {
                speaker.say(&event("n", "john", None)).await;
            }
            speaker.say(&event("after", "john", None)).await;
            let expected = ["before", "n", "n", "n", "n", "n", "after"];
            assert_eq!(speaker.types_until("after").await, expected);
        }
    }
}

#[tokio::test]
async fn a_listener_that_reads_nothing_costs_only_itself() {
    let limits = Limits {
        write_timeout: Duration::from_millis(200),
        pong_within: Duration::from_millis(200),
        ..Limits::default()
    };
    let harness = start(Config {
        limits,
        ..Config::default()
    })
    .await;
    let stuck = by_hand(&harness).await;
    let mut healthy = Client::open(&harness, "/ws/lobby").await;
    let mut sent = event("n", "john", None);
    sent["message"] = Value::from("x".repeat(100_000));
    let mut speaker = Client::open(&harness, "/ws/lobby?entity=john").await;
    // Several times what the buffers of both sides hold.
    for n in 0..200 {
        sent["n"] = json!(n);
        speaker.say(&sent).await;
        assert_eq!(speaker.hear().await["n"], n);
        assert_eq!(healthy.hear().await["n"], n);
    }
    let mut newcomer = Client::open(&harness, "/ws/lobby").await;
    newcomer.say_and_hear(&event("end", "eve", None)).await;
    assert_eq!(healthy.types_until("end").await, ["end"]);
    // The one that is stuck was cut off: it finds the end before it has all.
    let mut stuck = stuck;
    let mut read = Vec::new();
    // A reset is an end as well.
    let _ = stuck.read_to_end(&mut read).await;
    assert!(read.len() < 200 * 100_000, "{}", read.len());
}

#[tokio::test]
async fn an_agent_that_sends_on_what_it_hears_starts_no_storm() {
    let harness = start(Config::default()).await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut said = event("agent_speaks_with_agent_event", "john", Some("matthew"));
    said["message"] = json!("Hello");
    john.say(&said).await;
    // What GenWorlds' own AgentSpeaksWithAgent does: it is triggered by the event that it emits.
    let mut heard = matthew.hear().await;
    matthew.say(&heard).await;
    let refused = matthew.refused("forged_sender").await;
    assert_eq!(refused["refused"], "agent_speaks_with_agent_event");
    assert_eq!(refused["target_id"], "matthew");
    // Said in its own name it is one more event, which is not for itself.
    heard["sender_id"] = json!("matthew");
    heard["target_id"] = json!("john");
    matthew.say(&heard).await;
    matthew.say(&event("end", "matthew", None)).await;
    let speaks = "agent_speaks_with_agent_event";
    assert_eq!(recorder.types_until("end").await, [speaks, speaks, "end"]);
}

#[tokio::test]
async fn nobody_is_handed_the_menu_of_another() {
    let harness = start(Config::default()).await;
    let mut clients = Vec::new();
    for name in ["john", "matthew"] {
        let client = Client::open(&harness, "/ws/lobby").await;
        clients.push((name, client));
    }
    for _ in 0..3 {
        for (name, client) in &mut clients {
            client
                .say(&event("agent_wants_updated_state", name, Some("lobby")))
                .await;
        }
        for (name, client) in &mut clients {
            let entities = client.hear().await;
            assert_eq!(entities["target_id"], *name);
            let schemas = client.hear().await;
            assert_eq!(schemas["target_id"], *name);
            let menu = schemas["available_action_schemas"].as_object().unwrap();
            let expected = format!("{name}:{name}Speaks");
            assert_eq!(menu.keys().collect::<Vec<_>>(), [&expected]);
        }
    }
}

#[tokio::test]
async fn what_a_client_misses_it_hears_when_it_comes_back() {
    let harness = start(Config::default()).await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut sent = event("n", "john", Some("matthew"));
    sent["n"] = json!(1);
    john.say_and_hear(&sent).await;
    let heard = matthew.hear().await;
    let last = heard["sequence"].as_str().unwrap();
    drop(matthew);
    for n in 2..=9 {
        sent["n"] = json!(n);
        john.say_and_hear(&sent).await;
        let not_his = event("not_his", "john", Some("mic"));
        john.say_and_hear(&not_his).await;
    }
    let address = format!("/ws/lobby?entity=matthew&after={last}");
    let mut matthew = Client::open(&harness, &address).await;
    for n in 2..=9 {
        assert_eq!(matthew.hear().await["n"], n);
    }
    john.say(&event("end", "john", None)).await;
    assert_eq!(matthew.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn nobody_speaks_in_the_name_of_another() {
    let harness = start(Config::default()).await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut eve = Client::open(&harness, "/ws/lobby").await;
    // The world, and whom workers run, speak for themselves; the connection is still free then.
    for name in ["world", "lobby", "ada"] {
        eve.say(&event("a", name, None)).await;
        let refused = eve.refused("forged_sender").await;
        assert_eq!(refused["field"], "sender_id", "{name}");
        assert_eq!(refused["target_id"], Value::Null);
    }
    eve.say_and_hear(&event("a", "eve", None)).await;
    for name in ["john", "someone", "lobby"] {
        eve.say(&event("b", name, None)).await;
        let refused = eve.refused("forged_sender").await;
        assert_eq!(refused["target_id"], "eve", "{name}");
    }
    eve.say_and_hear(&event("end", "eve", None)).await;
    assert_eq!(recorder.types_until("end").await, ["a", "end"]);
    let mut ada = Client::open(&harness, "/ws/lobby?entity=ada").await;
    ada.refused("forged_sender").await;
    assert_eq!(u16::from(ada.closed().await.code), 3501);
}

#[tokio::test]
async fn pages_of_other_sites_are_kept_out() {
    let harness = start(Config::default()).await;
    let evil = Some("https://evil.example");
    let refused = Client::open_from(&harness, "/ws/lobby", evil).await;
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("403"), "{error}");
    let ours = Some("http://localhost:3000");
    assert!(Client::open_from(&harness, "/ws/lobby", ours).await.is_ok());
}

#[tokio::test]
async fn who_has_no_key_stays_outside() {
    let harness = Harness::start_with(Config {
        api_keys: vec![ApiKey::new("secret")],
        ..Config::default()
    })
    .await;
    let world = harness
        .http
        .post(harness.at("/v1/worlds"))
        .bearer_auth("secret");
    let world = world.json(&json!({"id": "lobby"})).send().await.unwrap();
    assert_eq!(world.status(), 201);
    for address in ["/ws/lobby", "/ws/lobby?observe=all&api_key=wrong"] {
        let refused = Client::open_from(&harness, address, None).await;
        let error = refused.err().unwrap().to_string();
        assert!(error.contains("401"), "{error}");
    }
    // With a key it does not matter whose page it is.
    let address = "/ws/lobby?observe=all&api_key=secret";
    let page = Some("https://friend.example");
    let mut client = Client::open_from(&harness, address, page).await.unwrap();
    client.say_and_hear(&event("a", "me", None)).await;
}

#[tokio::test]
async fn a_bad_frame_reaches_nobody() {
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
        let refused = client.refused(code).await;
        assert_eq!(refused["field"].as_str(), field, "{frame}");
        assert_eq!(refused["sender_id"], "lobby");
        assert_eq!(refused["description"], refused["detail"]);
    }
    client.0.send(Message::binary(vec![1])).await.unwrap();
    client.refused("unsupported_media_type").await;
    client.say_and_hear(&event("end", "me", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn a_client_that_is_gone_is_noticed_soon() {
    let limits = Limits {
        ping_every: Duration::from_millis(50),
        pong_within: Duration::from_millis(200),
        ..Limits::default()
    };
    let harness = start(Config {
        limits,
        ..Config::default()
    })
    .await;
    // It reads by hand, and so answers no ping.
    let mut stream = by_hand(&harness).await;
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    // The close frame is the last: its code and its reason.
    assert!(read.ends_with(&[&3012_u16.to_be_bytes()[..], b"no pong"].concat()));
}
