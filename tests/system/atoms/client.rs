//! A client of Atoms: binary frames both ways, and sessions that it resumes.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use system_tests::Http;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

/// How long a frame may take, failovers included.
const PATIENCE: Duration = Duration::from_secs(60);

/// What comes next on a connection.
#[derive(Debug)]
pub(super) enum Next {
    Frame(Value),
    /// It is over: with the code of the gateway, if that has closed it.
    Closed(Option<u16>),
}

/// One open connection.
pub(super) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// The first frame of a client.
fn init() -> Value {
    json!({
        "type": "system.init", "version": "1.0.0",
        "session_context": {"initial_variables": {}, "conversation_type": "chat"},
    })
}

/// What an address names on a connection or a page.
fn address(door: &Http, path: &str) -> String {
    format!("{}{path}", door.base).replace("http:", "ws:")
}

impl Client {
    /// Connects.
    pub(super) async fn open(door: &Http, path: &str) -> Result<Self, Error> {
        let (socket, _) = connect_async(address(door, path)).await?;
        Ok(Self(socket))
    }

    /// Connects with little room for what it does not read.
    pub(super) async fn open_with_small_buffer(door: &Http, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 << 10).unwrap();
        let to = door.base.trim_start_matches("http://").parse().unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(to).await.unwrap());
        Self(client_async(address(door, path), stream).await.unwrap().0)
    }

    /// Connects and begins a session; `agent.ready` is returned.
    pub(super) async fn begin(door: &Http, path: &str) -> (Self, Value) {
        let mut client = Self::open(door, path).await.unwrap();
        let ready = client.init().await;
        (client, ready)
    }

    /// Begins a session; `agent.ready` is returned.
    pub(super) async fn init(&mut self) -> Value {
        self.send(&init()).await.unwrap();
        self.expect("agent.ready").await
    }

    pub(super) async fn send(&mut self, frame: &Value) -> Result<(), Error> {
        self.send_text(&frame.to_string()).await
    }

    pub(super) async fn send_text(&mut self, frame: &str) -> Result<(), Error> {
        self.0
            .send(Message::binary(frame.as_bytes().to_vec()))
            .await
    }

    /// Its two directions, for different tasks.
    pub(super) fn split(
        self,
    ) -> (
        impl futures::Sink<Value, Error = Error> + Unpin,
        impl futures::Stream<Item = Value> + Unpin,
    ) {
        let (sink, stream) = self.0.split();
        let sink = sink.with(|frame: Value| {
            std::future::ready(Ok::<_, Error>(Message::binary(
                frame.to_string().into_bytes(),
            )))
        });
        let stream = stream.filter_map(|message| {
            let frame = match message {
                Ok(Message::Binary(bytes)) => Some(serde_json::from_slice(&bytes).unwrap()),
                _ => None,
            };
            std::future::ready(frame)
        });
        (sink, stream)
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Next {
        self.next_text().await.map_or_else(Next::Closed, |text| {
            Next::Frame(serde_json::from_str(&text).unwrap())
        })
    }

    /// The next frame as it is written.
    ///
    /// # Errors
    /// The close code when the connection is over.
    pub(super) async fn next_text(&mut self) -> Result<String, Option<u16>> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Binary(bytes))) => {
                        return Ok(String::from_utf8(bytes.to_vec()).unwrap());
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Err(frame.map(|frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(None),
                }
            }
        };
        timeout(PATIENCE, next).await.unwrap()
    }

    /// The next frame, which has this type.
    pub(super) async fn expect(&mut self, event_type: &str) -> Value {
        match self.next().await {
            Next::Frame(frame) if frame["type"] == event_type => frame,
            other => panic!("{event_type} was expected: {other:?}"),
        }
    }

    /// The next frames.
    pub(super) async fn receive(&mut self, count: usize) -> Vec<Value> {
        let mut frames = Vec::new();
        while frames.len() < count {
            match self.next().await {
                Next::Frame(frame) => frames.push(frame),
                Next::Closed(code) => panic!("closed with {code:?} behind {frames:?}"),
            }
        }
        frames
    }

    /// The frames up to the next one of this type, with it.
    pub(super) async fn until(&mut self, event_type: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Next::Frame(frame) => {
                    let is_last = frame["type"] == event_type;
                    frames.push(frame);
                    if is_last {
                        return frames;
                    }
                }
                Next::Closed(code) => {
                    panic!("closed with {code:?} before {event_type}: {frames:?}")
                }
            }
        }
    }

    /// Reads until the connection is over: with which code.
    pub(super) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Next::Closed(code) = self.next().await {
                return code;
            }
        }
    }
}

/// The types of frames.
pub(super) fn types(frames: &[Value]) -> Vec<&str> {
    let types = frames.iter().map(|frame| frame["type"].as_str().unwrap());
    types.collect()
}
