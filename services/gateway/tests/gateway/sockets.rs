//! WebSockets: events one way, commands the other.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use gateway::{Config, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::lobby::BEGINNING;
use crate::support::Harness;

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(harness: &Harness, query: &str) -> Self {
        Self::open_in(harness, "lobby", query).await
    }

    pub(crate) async fn open_in(harness: &Harness, world: &str, query: &str) -> Self {
        let url = harness.url(&format!("/v1/worlds/{world}/ws?{query}"));
        let (socket, _) = connect_async(url.replace("http:", "ws:")).await.unwrap();
        let mut socket = Self(socket);
        assert_eq!(socket.receive().await["type"], "ready");
        socket
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.0.next());
            match next.await.expect("a frame within 20 s").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn receive_type(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.receive().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub(crate) async fn closed(&mut self) -> CloseFrame {
        loop {
            if let Message::Close(frame) = self.0.next().await.unwrap().unwrap() {
                return frame.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_socket_sends_events_and_receives_commands() {
    let mut harness = Harness::with_lobby().await;
    harness.start_worker().await;
    let mut socket = Socket::open(&harness, "live=true").await;
    let mut other = Socket::open(&harness, "after=0").await;
    socket
        .send(json!({
            "type": "send_events", "ref": "a", "sender": "ada",
            "events": [{"type": "a.b", "data": 1}, {"type": "a.c", "data": 2}],
        }))
        .await;
    let accepted = socket.receive_type("accepted").await;
    assert_eq!(accepted["ref"], "a");
    assert_eq!(accepted["ids"].as_array().unwrap().len(), 2);
    for event_type in BEGINNING.into_iter().chain(["a.b", "a.c"]) {
        assert_eq!(other.receive().await["event"]["type"], event_type);
    }
    let post =
        json!({"type": "post_message", "ref": "b", "chat": "main", "sender": "bob", "text": "hi"});
    socket.send(post).await;
    assert_eq!(
        socket.receive_type("chunk").await["chunk"]["text"],
        "you said "
    );
    assert_eq!(socket.receive_type("chunk").await["chunk"]["text"], "hi");
}

#[tokio::test]
async fn an_invalid_frame_is_answered_and_the_connection_stays() {
    let harness = Harness::with_lobby().await;
    let mut socket = Socket::open(&harness, "type=none").await;
    socket.0.send(Message::text("no json")).await.unwrap();
    assert_eq!(socket.receive().await["problem"]["code"], "malformed_json");
    socket.0.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(socket.receive().await["problem"]["status"], 415);
    socket.send(json!({"type": "dance", "ref": "a"})).await;
    let error = socket.receive().await;
    assert_eq!(
        (&error["type"], &error["ref"]),
        (&json!("error"), &json!("a"))
    );
    assert_eq!(error["problem"]["field"], "type");
    let reserved = json!({
        "type": "send_events", "ref": "b", "sender": "ada",
        "events": [{"type": "world.created", "data": 1}],
    });
    socket.send(reserved).await;
    let error = socket.receive().await;
    assert_eq!(error["problem"]["code"], "reserved_type");
    assert_eq!(error["problem"]["field"], "events[0].type");
    socket.send(json!({"type": "ping", "ref": "c"})).await;
    assert_eq!(socket.receive().await, json!({"type": "pong", "ref": "c"}));
}

#[tokio::test]
async fn commands_that_do_not_wait_are_answered_in_their_order() {
    let harness = Harness::with_lobby().await;
    let mut socket = Socket::open(&harness, "type=none").await;
    let reference = |n: u64| format!("r{n}");
    for n in 0..300 {
        let event_type = if n % 7 == 3 {
            "world.created"
        } else {
            "test.n"
        };
        let frame = json!({
            "type": "send_events", "ref": reference(n), "sender": "ada",
            "events": [{"type": event_type, "data": n}],
        });
        socket.send(frame).await;
    }
    let mut last = 0;
    for n in 0..300 {
        let reply = socket.receive().await;
        assert_eq!(reply["ref"], reference(n));
        if n % 7 == 3 {
            assert_eq!(reply["problem"]["code"], "reserved_type");
        } else {
            let seq = reply["seq"].as_u64().unwrap();
            // Several may share a commit.
            assert!(seq >= last, "{seq} after {last}");
            last = seq;
        }
    }
}

#[tokio::test]
async fn one_socket_too_many_is_rejected_before_the_upgrade() {
    let limits = Limits {
        connections_max: 1,
        ..Limits::default()
    };
    let harness = Harness::with_lobby_of(Config {
        limits,
        ..Config::default()
    })
    .await;
    let first = Socket::open(&harness, "").await;
    let url = harness.url("/v1/worlds/lobby/ws").replace("http:", "ws:");
    let error = connect_async(&url).await.unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    drop(first);
    testkit::eventually("there is room again", async || {
        connect_async(&url).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_client_without_pongs_is_closed() {
    let limits = Limits {
        ping_every: Duration::from_millis(50),
        pong_within: Duration::from_millis(200),
        ..Limits::default()
    };
    let harness = Harness::with_lobby_of(Config {
        limits,
        ..Config::default()
    })
    .await;
    // A plain TCP client, which answers no ping.
    let mut stream = TcpStream::connect(harness.base_url.trim_start_matches("http://"))
        .await
        .unwrap();
    let upgrade = "GET /v1/worlds/lobby/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    // The close frame is the last: its code and its reason.
    assert!(read.ends_with(&[&3012_u16.to_be_bytes()[..], b"no pong"].concat()));
}

#[tokio::test]
async fn sockets_are_closed_with_the_gateway() {
    let mut harness = Harness::with_lobby().await;
    let mut socket = Socket::open(&harness, "").await;
    harness.shutdown.cancel();
    assert_eq!(u16::from(socket.closed().await.code), 3001);
    drop(socket);
    harness.wait_until_ended().await;
}

#[tokio::test]
async fn a_hundred_clients_receive_the_same() {
    let harness = Harness::with_lobby().await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(Socket::open(&harness, "").await);
    }
    let events: Vec<Value> = (0..200)
        .map(|n| json!({"type": "test.n", "data": n}))
        .collect();
    let body = json!({"sender": "ada", "events": events});
    assert_eq!(harness.post("/v1/worlds/lobby/events", body).await.0, 201);
    for socket in &mut sockets {
        for number in 0..200 {
            assert_eq!(socket.receive().await["event"]["data"], number);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_can_not_open_a_socket() {
    let harness = Harness::with_lobby().await;
    let url = harness.url("/v1/worlds/lobby/ws").replace("http:", "ws:");
    for (page, opens) in [
        ("https://evil.example", false),
        ("http://localhost:3000", true),
    ] {
        let mut request = url.as_str().into_client_request().unwrap();
        request
            .headers_mut()
            .insert("origin", page.parse().unwrap());
        let opened = connect_async(request).await;
        assert_eq!(opened.is_ok(), opens, "{page}");
        if let Err(Error::Http(response)) = opened {
            assert_eq!(response.status(), 403);
        }
    }
}
