//! A WebSocket whose client writes any bytes.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;
use system_tests::Http;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long an answer may take, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// A client masks what it sends, with any key.
const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
/// The first byte of a frame that is a whole message.
const FIN: u8 = 0x80;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;

/// An open WebSocket, to which bytes are written that need be no frames.
pub(super) struct Connection(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// A frame as it is on the wire.
pub(super) fn encode(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first_byte, payload.len());
    let masked = payload
        .iter()
        .zip(MASK.iter().cycle())
        .map(|(byte, mask)| byte ^ mask);
    bytes.extend(masked);
    bytes
}

/// The header of a frame with a payload of this length.
pub(super) fn header(first_byte: u8, length: usize) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut bytes = vec![first_byte];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if length < 126 => bytes.push(MASKED | length),
        (_, Ok(length)) => {
            bytes.push(MASKED | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(MASKED | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes
}

impl Connection {
    pub(super) async fn open(door: &Http, path: &str) -> Self {
        let url = format!("{}{path}", door.base).replace("http:", "ws:");
        Self(connect_async(url).await.unwrap().0)
    }

    pub(super) async fn send_text(&mut self, text: &str) {
        self.send(false, text.as_bytes()).await;
    }

    /// Sends a message of one frame.
    pub(super) async fn send(&mut self, is_binary: bool, payload: &[u8]) {
        let opcode = if is_binary { BINARY } else { TEXT };
        self.write(&encode(FIN | opcode, payload)).await.unwrap();
    }

    /// Writes bytes below the WebSocket.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes).await
    }

    /// Ends the direction to the gateway.
    pub(super) async fn end(&mut self) {
        let _ = self.0.get_mut().shutdown().await;
    }

    /// The next frame, as JSON.
    pub(super) async fn frame(&mut self) -> Value {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await.unwrap();
            match next {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Binary(bytes))) => return serde_json::from_slice(&bytes).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the gateway has closed the connection: {other:?}"),
            }
        }
    }

    /// Reads until the gateway has closed the connection: with which code, if it has sent one.
    pub(super) async fn closed(&mut self, what: &str) -> Option<u16> {
        let mut code = None;
        let end = async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Close(frame) = message {
                    code = frame.map(|frame| frame.code.into());
                }
            }
        };
        let ended = timeout(PATIENCE, end).await;
        assert!(ended.is_ok(), "the connection is open: {what}");
        code
    }

    pub(super) async fn close(mut self) {
        self.0.close(None).await.unwrap();
        self.closed("a close frame").await;
    }
}
