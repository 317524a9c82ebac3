//! A client of Atoms, as its own is: binary frames both ways.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use crate::support::Harness;

/// How long a frame may take.
const WITHIN: Duration = Duration::from_secs(20);

/// The path of the flow that is only a router.
pub(crate) const GATE: &str = "/atoms/desk/gate/ws";
/// The path of the flow that greets and answers.
pub(crate) const DESK: &str = "/atoms/desk/desk/ws";

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// The first frame of a client, as that of Atoms writes it.
pub(crate) fn init() -> Value {
    json!({
        "type": "system.init", "timestamp": "2026-11-28T22:00:00.123456", "version": "1.0.0",
        "session_context": {"initial_variables": {}, "conversation_type": "chat"},
        "output_agent_settings": null,
    })
}

impl Client {
    pub(crate) async fn connect(harness: &Harness, path: &str) -> Self {
        let url = harness.url(path).replace("http:", "ws:");
        Self(connect_async(url).await.unwrap().0)
    }

    /// Connects with little room for what it does not read.
    pub(crate) async fn connect_with_small_buffer(harness: &Harness, path: &str) -> Self {
        let url = harness.url(path).replace("http:", "ws:");
        let address = harness.base_url.trim_start_matches("http://");
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 << 10).unwrap();
        let stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let stream = MaybeTlsStream::Plain(stream);
        Self(client_async(url, stream).await.unwrap().0)
    }

    /// Connects and begins a session; `agent.ready` is returned.
    pub(crate) async fn begin(harness: &Harness, path: &str) -> (Self, Value) {
        let mut client = Self::connect(harness, path).await;
        client.send(&init()).await;
        let ready = client.expect("agent.ready").await;
        (client, ready)
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_bytes(frame.to_string().into_bytes()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).await.unwrap();
    }

    /// Closes the connection.
    pub(crate) async fn close(&mut self) {
        self.0.close(None).await.unwrap();
    }

    /// The next frame, as it is written and as it is.
    pub(crate) async fn receive(&mut self) -> (String, Value) {
        loop {
            let next = timeout(WITHIN, self.0.next()).await;
            match next.expect("a frame in time").unwrap().unwrap() {
                Message::Binary(bytes) => {
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    let value = serde_json::from_str(&text).unwrap();
                    return (text, value);
                }
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame, which has this type.
    pub(crate) async fn expect(&mut self, event_type: &str) -> Value {
        let (text, frame) = self.receive().await;
        assert_eq!(frame["type"], event_type, "{text}");
        frame
    }

    /// The code with which the gateway closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let next = timeout(WITHIN, self.0.next()).await;
            if let Message::Close(frame) = next.expect("a close in time").unwrap().unwrap() {
                return frame.unwrap().code.into();
            }
        }
    }
}
