//! What the server of GenWorlds does, and nothing else: each frame goes to every connection as it
//! came, one connection after the other. It looks into no frame and stores none, so it is the least
//! that a delivery can cost.

use std::net::Ipv4Addr;
use std::sync::Arc;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

type Socket = WebSocketStream<TcpStream>;
type Everyone = Arc<Mutex<Vec<SplitSink<Socket, Message>>>>;

/// A running relay. It ends when it is dropped.
pub(crate) struct Relay {
    pub(crate) url: String,
    _server: JoinSet<()>,
}

impl Relay {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("ws://{}/ws", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(serve(listener));
        Self {
            url,
            _server: server,
        }
    }
}

/// Connections are accepted one by one: what one sends, all that came before receive.
async fn serve(listener: TcpListener) {
    let everyone = Everyone::default();
    let mut speakers = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sink, frames) = accept_async(stream).await.unwrap().split();
        everyone.lock().await.push(sink);
        speakers.spawn(relay(frames, everyone.clone()));
    }
}

async fn relay(mut frames: SplitStream<Socket>, everyone: Everyone) {
    while let Some(Ok(frame)) = frames.next().await {
        if !frame.is_text() {
            continue;
        }
        for listener in everyone.lock().await.iter_mut() {
            listener.send(frame.clone()).await.unwrap();
        }
    }
}
