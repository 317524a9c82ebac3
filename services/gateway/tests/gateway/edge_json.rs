//! JSON that parsers refuse, or read differently: every door refuses it with the path. And the end of sockets.

use futures::{SinkExt as _, StreamExt as _};
use gateway::Config;
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::atoms::{GATE, init};
use crate::flows::Desk;
use crate::support::{Harness, send};

/// Values of a field, and the end of the path at fault.
fn values() -> Vec<(String, &'static str)> {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        ("1e400".to_owned(), ""),
        ("[0, -1E+999]".to_owned(), "[1]"),
        (r#""\ud800""#.to_owned(), ""),
        (r#"{"x": ["\udc00\ud800"]}"#.to_owned(), ".x[0]"),
        (r#"{"x": 1, "x": 2}"#.to_owned(), ".x"),
        (r#"{"x": 1, "\u0078": 2}"#.to_owned(), r".\u0078"),
        (deep(200), ""),
        (deep(10_000), ""),
    ]
}

fn check(answer: &Value, field: &str, path: &str, end: &str) {
    // The path of what is too deep goes on to where that begins.
    let named = answer["field"].as_str().unwrap_or_default();
    let expected = format!("{field}{end}");
    assert!(
        named.starts_with(&expected),
        "{path}: {named} is not {expected}: {answer}"
    );
}

#[tokio::test]
async fn requests_of_the_native_door_are_refused_with_the_path() {
    let harness = Harness::with_lobby().await;
    for (value, end) in values() {
        for (method, path, before, field) in [
            (
                Method::POST,
                "/v1/worlds/lobby/events",
                r#""sender": "ada", "type": "a.b", "data""#,
                "data",
            ),
            (
                Method::POST,
                "/v1/worlds",
                r#""id": "other", "entities": [{"id": "a", "kind": "object", "metadata""#,
                "entities[0].metadata",
            ),
        ] {
            let closing = if before.contains('[') { "}]" } else { "" };
            let body = format!("{{{before}: {value}{closing}}}");
            let request = harness.http.request(method, harness.url(path));
            let request = request.header("content-type", "application/json");
            let (status, problem) = send(request.body(body)).await;
            assert_eq!(
                (status, &problem["code"]),
                (422, &"invalid".into()),
                "{value}"
            );
            check(&problem, field, path, end);
        }
    }
}

#[tokio::test]
async fn requests_of_agent_world_are_refused_with_the_path() {
    let harness = Harness::with_lobby().await;
    for (value, end) in values() {
        let body = format!(r#"{{"name": "x", "variables": {value}}}"#);
        let request = harness.http.post(harness.url("/worlds"));
        let request = request.header("content-type", "application/json");
        let (status, error) = send(request.body(body)).await;
        assert_eq!(status, 400, "{error}");
        let path = error["details"][0]["path"].as_array().unwrap();
        let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
        let expected = format!("variables{end}");
        assert!(path.join(".").starts_with(&expected), "{error}");
    }
}

/// A WebSocket, with frames as they are written.
struct RawSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl RawSocket {
    async fn open(harness: &Harness, path: &str) -> Self {
        let url = harness.url(path).replace("http:", "ws:");
        Self(connect_async(url).await.unwrap().0)
    }

    /// The next frame that has `field`, after `text` was sent.
    async fn send_and_receive(&mut self, text: String, field: &str) -> Value {
        self.0.send(Message::text(text)).await.unwrap();
        loop {
            let message = self.0.next().await.unwrap().unwrap();
            let frame: Value = serde_json::from_slice(&message.into_data()).unwrap_or_default();
            if !frame[field].is_null() {
                return frame;
            }
        }
    }
}

#[tokio::test]
async fn frames_of_every_socket_are_refused_with_the_path() {
    let desk = Desk::start(Config::default()).await;
    let harness = &desk.harness;
    let mut native = RawSocket::open(harness, "/v1/worlds/desk/ws").await;
    let mut package = RawSocket::open(harness, "/ws/desk").await;
    let mut atoms = RawSocket::open(harness, GATE).await;
    atoms.send_and_receive(init().to_string(), "type").await;
    for (value, end) in values() {
        let frame = format!(
            r#"{{"type": "send_events", "sender": "bot", "events": [{{"type": "a.b", "data": {value}}}]}}"#
        );
        let error = native.send_and_receive(frame, "problem").await;
        check(&error["problem"], "events[0].data", "/v1", end);
        let frame = format!(r#"{{"event_type": "a", "sender_id": "bot", "x": {value}}}"#);
        let error = package.send_and_receive(frame, "code").await;
        check(&error, "x", "/ws", end);
        let frame = format!(r#"{{"type": "a.b", "x": {value}}}"#);
        let error = atoms.send_and_receive(frame, "severity").await;
        check(&error["payload"], "x", "/atoms", end);
    }
}

#[tokio::test]
async fn the_close_frame_of_a_client_is_answered_by_every_socket() {
    let desk = Desk::start(Config::default()).await;
    for (path, first) in [
        ("/v1/worlds/desk/ws", None),
        ("/ws/desk", None),
        (GATE, None),
        (GATE, Some(init())),
    ] {
        let mut socket = RawSocket::open(&desk.harness, path).await;
        if let Some(frame) = first {
            socket.send_and_receive(frame.to_string(), "type").await;
        }
        socket.0.close(None).await.unwrap();
        // Without an answer the end of the connection would be an error.
        while let Some(message) = socket.0.next().await {
            message.unwrap();
        }
    }
}
