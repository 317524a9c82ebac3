//! A TCP proxy that can stop forwarding, as a network does that loses every packet.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A TCP proxy before a server. Its connections end when it is dropped.
pub struct TcpProxy {
    address: SocketAddr,
    forwards: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl TcpProxy {
    /// Starts one before the server at `target`, on a free port.
    ///
    /// # Panics
    /// If it can't listen.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (forwards, is_forwarding) = watch::channel(true);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(connect(client, target, is_forwarding.clone()));
            }
        });
        Self {
            address,
            forwards,
            _tasks: tasks,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards nothing more. Connections stay open, and new ones are accepted, but no byte comes through.
    pub fn stall(&self) {
        self.forwards.send_replace(false);
    }

    /// Forwards again.
    pub fn resume(&self) {
        self.forwards.send_replace(true);
    }
}

async fn connect(client: TcpStream, target: SocketAddr, mut forwards: watch::Receiver<bool>) {
    if forwards.wait_for(|forwards| *forwards).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((client_in, client_out), (server_in, server_out)) =
        (client.into_split(), server.into_split());
    tokio::join!(
        forward(client_in, server_out, forwards.clone()),
        forward(server_in, client_out, forwards),
    );
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut forwards: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        // What was read before the stall is lost in it as well.
        if forwards.wait_for(|forwards| *forwards).await.is_err()
            || to.write_all(&bytes[..count]).await.is_err()
        {
            return;
        }
    }
}
