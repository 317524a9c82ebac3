//! A TCP proxy that can stop forwarding, or lose bytes, as a bad network does.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A direction of a connection, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What the client sends.
    ToServer,
    /// What the server sends.
    ToClient,
    /// What either sends.
    Both,
}

/// What becomes of the bytes of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    /// They arrive later, as packets do that are sent again.
    Stall,
    /// They are lost.
    Drop,
}

/// A TCP proxy before a server. Its connections end when it is dropped.
pub struct TcpProxy {
    address: SocketAddr,
    to_server: watch::Sender<Mode>,
    to_client: watch::Sender<Mode>,
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
        let (to_server, server_mode) = watch::channel(Mode::Forward);
        let (to_client, client_mode) = watch::channel(Mode::Forward);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let modes = (server_mode.clone(), client_mode.clone());
                connections.spawn(connect(client, target, modes));
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            to_server,
            to_client,
            _tasks: tasks,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards nothing more. Connections stay open, and new ones are accepted, but no byte comes through
    /// until [`resume`](Self::resume).
    pub fn stall(&self) {
        self.set(Direction::Both, Mode::Stall);
    }

    /// Loses every byte of a direction, and that one side has closed a connection: the other side has a half-open
    /// one. A connection that has lost something forwards nothing more in that direction, even later.
    pub fn drop_bytes(&self, direction: Direction) {
        self.set(direction, Mode::Drop);
    }

    /// Forwards again.
    pub fn resume(&self) {
        self.set(Direction::Both, Mode::Forward);
    }

    fn set(&self, direction: Direction, mode: Mode) {
        if direction != Direction::ToClient {
            self.to_server.send_replace(mode);
        }
        if direction != Direction::ToServer {
            self.to_client.send_replace(mode);
        }
    }
}

type Modes = (watch::Receiver<Mode>, watch::Receiver<Mode>);

async fn connect(client: TcpStream, target: SocketAddr, (mut to_server, to_client): Modes) {
    if to_server
        .wait_for(|mode| *mode != Mode::Stall)
        .await
        .is_err()
    {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((client_in, client_out), (server_in, server_out)) =
        (client.into_split(), server.into_split());
    tokio::join!(
        forward(client_in, server_out, to_server),
        forward(server_in, client_out, to_client),
    );
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut bytes = vec![0; 64 << 10];
    let mut has_lost = false;
    loop {
        let count = from.read(&mut bytes).await.unwrap_or_default();
        // What was read before the stall waits with the rest.
        if mode.wait_for(|mode| *mode != Mode::Stall).await.is_err() {
            return;
        }
        has_lost |= *mode.borrow() == Mode::Drop;
        if count == 0 {
            // The end is lost as well: the other side learns of it from the first packet that gets through.
            let _ = mode.wait_for(|mode| *mode != Mode::Drop).await;
            return;
        }
        if !has_lost && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventually;

    async fn echo_server() -> (SocketAddr, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        (address, tasks)
    }

    /// Whether a byte comes back.
    async fn is_echoed(stream: &mut TcpStream) -> bool {
        let echo = async {
            stream.write_all(b"x").await.ok()?;
            stream.read_u8().await.ok()
        };
        let echoed = tokio::time::timeout(std::time::Duration::from_millis(200), echo).await;
        echoed.is_ok_and(|byte| byte == Some(b'x'))
    }

    #[tokio::test]
    async fn a_connection_that_has_lost_bytes_stays_lost_and_new_ones_are_not() {
        let (server, _tasks) = echo_server().await;
        for direction in [Direction::ToServer, Direction::ToClient, Direction::Both] {
            let proxy = TcpProxy::start(server).await;
            let mut before = TcpStream::connect(proxy.address()).await.unwrap();
            let mut idle = TcpStream::connect(proxy.address()).await.unwrap();
            assert!(is_echoed(&mut before).await && is_echoed(&mut idle).await);
            proxy.drop_bytes(direction);
            assert!(!is_echoed(&mut before).await, "{direction:?}");
            let mut during = TcpStream::connect(proxy.address()).await.unwrap();
            assert!(!is_echoed(&mut during).await, "{direction:?}");
            proxy.resume();
            assert!(!is_echoed(&mut before).await, "{direction:?}");
            assert!(is_echoed(&mut idle).await, "it has lost nothing");
            let mut after = TcpStream::connect(proxy.address()).await.unwrap();
            assert!(is_echoed(&mut after).await, "{direction:?}");
        }
    }

    #[tokio::test]
    async fn a_stall_loses_nothing() {
        let (server, _tasks) = echo_server().await;
        let proxy = TcpProxy::start(server).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(is_echoed(&mut stream).await);
        proxy.stall();
        assert!(!is_echoed(&mut stream).await);
        proxy.resume();
        assert_eq!(stream.read_u8().await.unwrap(), b'x');
    }

    #[tokio::test]
    async fn the_end_of_a_connection_is_lost_until_bytes_get_through() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpProxy::start(listener.local_addr().unwrap()).await;
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        proxy.drop_bytes(Direction::ToServer);
        drop(client);
        let end = tokio::time::timeout(std::time::Duration::from_millis(200), server.read_u8());
        assert!(end.await.is_err(), "it is not known that it has ended");
        proxy.resume();
        eventually("the end arrives", async || server.read_u8().await.is_err()).await;
    }
}
