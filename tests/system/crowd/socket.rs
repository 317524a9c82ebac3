//! A client of the native WebSocket.

use std::sync::Arc;
use std::time::Instant;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::EVENT_TYPE;
use super::record::{Received, Record};

/// Another step of a WebSocket.
pub(super) enum Next {
    Frame(Value),
    /// It is over, with the code of the gateway, if that has closed it.
    Closed(Option<u16>),
}

/// An open WebSocket.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens it; until it is, each refusal is noted as an error.
    pub(super) async fn open(record: &Record, path: impl Fn() -> String) -> Self {
        loop {
            let url = format!("{}{}", record.base, path()).replace("http:", "ws:");
            match connect_async(url).await {
                Ok((socket, _)) => return Self(socket),
                Err(error) => record.error(format!("no WebSocket: {error}")),
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    pub(super) async fn next(&mut self) -> Next {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Next::Frame(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map(|frame| frame.code.into());
                    // The answer to the close frame.
                    let _ = self.0.flush().await;
                    return Next::Closed(code);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Next::Closed(None),
            }
        }
    }

    /// Sends a frame. What can't be sent is noticed when the next one is received.
    async fn send(&mut self, frame: &Value) {
        let _ = self.0.send(Message::text(frame.to_string())).await;
    }
}

/// The command of a frame that has no reply yet.
struct Open {
    frame: Value,
    sent: Instant,
}

/// Reads every event of the world from its beginning, and sends one after the other until it is over. When the
/// WebSocket is closed it goes on at another one, behind the last event, and sends again what has no reply.
pub(super) async fn run(record: Arc<Record>, number: usize, received: Received) {
    let path = || {
        format!(
            "/v1/worlds/{}/ws?after={}",
            record.world,
            received.position()
        )
    };
    let mut socket = Socket::open(&record, path).await;
    let (mut open, mut count) = (None::<Open>, 0);
    loop {
        if open.is_none() && !record.is_over() {
            let frame = frame(count);
            count += 1;
            record.begin_command();
            socket.send(&frame).await;
            let sent = Instant::now();
            open = Some(Open { frame, sent });
        }
        let frame = match socket.next().await {
            Next::Frame(frame) => frame,
            Next::Closed(code) => {
                record.closed("a WebSocket", code);
                socket = Socket::open(&record, path).await;
                if let Some(open) = &open {
                    socket.send(&open.frame).await;
                }
                continue;
            }
        };
        match frame["type"].as_str().unwrap_or_default() {
            "event" => received.push(frame["event"]["sequence"].as_str().unwrap_or_default()),
            "accepted" => {
                if let Some(open) = open.take_if(|open| open.frame["ref"] == frame["ref"]) {
                    record.end_command();
                    record.answer(number, open.sent);
                }
            }
            "ready" => {}
            _ => {
                record.error(format!("a WebSocket got {frame}"));
                if let Some(open) = &open {
                    socket.send(&open.frame).await;
                }
            }
        }
    }
}

fn frame(number: u64) -> Value {
    json!({
        "type": "send_events", "ref": number.to_string(), "idempotency_key": format!("crowd-{number}"),
        "sender": "user-0", "events": [{"type": EVENT_TYPE, "data": {"n": number}}],
    })
}
