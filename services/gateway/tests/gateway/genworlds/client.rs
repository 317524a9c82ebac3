//! A client of GenWorlds: each frame is one flat JSON object.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use gateway::Config;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest as _};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::Harness;

pub(super) struct Client(pub(super) WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A gateway with a world of two agents and an object that are clients, and `ada`, whom workers run.
pub(super) async fn start(config: Config) -> Harness {
    let harness = Harness::start_with(config).await;
    let agent = |id: &str| {
        let ability = json!({
            "name": format!("{id}Speaks"), "trigger": "agent_speaks_with_agent_event",
            "description": "It speaks.", "run": {"client": {}},
        });
        let settings = json!({"brain": {"client": {}}});
        json!({"id": id, "kind": "agent", "agent": settings, "abilities": [ability]})
    };
    let world = json!({
        "id": "lobby", "name": "Lobby", "description": "Where all begins.",
        "metadata": {"screens_config": {"name": "lobby", "screens": [{"name": "Chat"}]}},
        "entities": [
            agent("john"), agent("matthew"), {"id": "mic", "kind": "object"},
            {"id": "human", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"function": {"action": "repeat"}}}},
        ],
        "chats": [{"id": "main", "title": "Main"}],
    });
    let (status, answer) = harness.post("/v1/worlds", world).await;
    assert_eq!(status, 201, "{answer}");
    harness
}

/// An event for everyone, or for `target`, at a time of its own: with the time of another it may be that one
/// again.
pub(super) fn event(event_type: &str, sender: &str, target: Option<&str>) -> Value {
    static EVENTS: AtomicU32 = AtomicU32::new(0);
    let microsecond = EVENTS.fetch_add(1, Ordering::Relaxed) % 1_000_000;
    json!({
        "event_type": event_type, "description": "It happens.", "summary": null,
        "created_at": format!("2023-10-09T12:56:42.{microsecond:06}"), "sender_id": sender,
        "target_id": target,
    })
}

impl Client {
    pub(super) async fn open(harness: &Harness, path: &str) -> Self {
        Self::open_from(harness, path, None).await.unwrap()
    }

    /// A page of `origin` opens it.
    pub(super) async fn open_from(
        harness: &Harness,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Self, Error> {
        let url = harness.url(path).replace("http:", "ws:");
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            let headers = request.headers_mut();
            headers.insert("origin", origin.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    pub(super) async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Sends a frame, and returns the next one, which must be its event.
    pub(super) async fn send_and_receive(&mut self, frame: &Value) -> Value {
        self.send(frame).await;
        let received = self.receive().await;
        assert_eq!(received["event_type"], frame["event_type"], "{received}");
        received
    }

    pub(super) async fn receive(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.0.next());
            match next.await.expect("a frame within 20 s").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame of this type.
    pub(super) async fn receive_type(&mut self, event_type: &str) -> Value {
        loop {
            let frame = self.receive().await;
            if frame["event_type"] == event_type {
                return frame;
            }
        }
    }

    /// The types of the frames up to the first of type `last`.
    pub(super) async fn types_until(&mut self, last: &str) -> Vec<String> {
        let mut types = Vec::new();
        while types.last().is_none_or(|seen| seen != last) {
            let frame = self.receive().await;
            types.push(frame["event_type"].as_str().unwrap().to_owned());
        }
        types
    }

    /// The next frame, which must be an error with this code.
    pub(super) async fn receive_error(&mut self, code: &str) -> Value {
        let frame = self.receive().await;
        assert_eq!(frame["event_type"], "error", "{frame}");
        assert_eq!(frame["code"], code, "{frame}");
        frame
    }

    pub(super) async fn closed(&mut self) -> CloseFrame {
        loop {
            if let Message::Close(frame) = self.0.next().await.unwrap().unwrap() {
                return frame.unwrap();
            }
        }
    }
}
