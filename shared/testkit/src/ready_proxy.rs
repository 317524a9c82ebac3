//! A TCP proxy before several servers, which follows their readiness as a load balancer does.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How often the servers are checked: several times while one of them is drained.
const CHECK_EVERY: Duration = Duration::from_millis(100);
/// A server that takes longer to answer a check is not ready.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// A proxy before servers with `/readyz`. Each connection goes to one of those that were ready when they were checked
/// last, in turn. Its connections end when it is dropped.
pub struct ReadyProxy {
    address: SocketAddr,
    servers: watch::Sender<Vec<SocketAddr>>,
    _tasks: JoinSet<()>,
}

impl ReadyProxy {
    /// Starts one on a free port. What connects while no server is ready waits.
    ///
    /// # Panics
    /// If it can't listen.
    pub async fn start(servers: Vec<SocketAddr>) -> Self {
        let (servers, configured) = watch::channel(servers);
        let (set_ready, ready) = watch::channel(Vec::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let mut tasks = JoinSet::new();
        tasks.spawn(check(configured, set_ready));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            let mut turn = 0;
            while let Ok((client, _)) = listener.accept().await {
                turn += 1;
                connections.spawn(connect(client, ready.clone(), turn));
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            servers,
            _tasks: tasks,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Replaces the servers. Connections that are open stay.
    pub fn set_servers(&self, servers: Vec<SocketAddr>) {
        self.servers.send_replace(servers);
    }
}

async fn check(servers: watch::Receiver<Vec<SocketAddr>>, ready: watch::Sender<Vec<SocketAddr>>) {
    loop {
        let mut found = Vec::new();
        let configured = servers.borrow().clone();
        for server in configured {
            if timeout(CHECK_WITHIN, is_ready(server)).await == Ok(Some(true)) {
                found.push(server);
            }
        }
        ready.send_replace(found);
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

async fn is_ready(server: SocketAddr) -> Option<bool> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    Some(answer.starts_with(b"HTTP/1.1 200 "))
}

async fn connect(mut client: TcpStream, mut ready: watch::Receiver<Vec<SocketAddr>>, turn: usize) {
    let servers = match ready.wait_for(|ready| !ready.is_empty()).await {
        Ok(ready) => ready.clone(),
        Err(_) => return,
    };
    // One that has ended since it was checked is passed over.
    for n in 0..servers.len() {
        let server = servers[(turn + n) % servers.len()];
        if let Ok(mut server) = TcpStream::connect(server).await {
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;

    use super::*;
    use crate::eventually;

    /// A server that answers with its name, and is ready as long as `is_ready`.
    async fn server(
        name: &'static str,
        is_ready: Arc<AtomicBool>,
        tasks: &mut JoinSet<()>,
    ) -> SocketAddr {
        let readyz = get(move || async move {
            match is_ready.load(Ordering::Relaxed) {
                true => StatusCode::OK,
                false => StatusCode::SERVICE_UNAVAILABLE,
            }
        });
        let routes = Router::new()
            .route("/readyz", readyz)
            .route("/name", get(move || async move { name }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tasks.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        address
    }

    async fn name(proxy: SocketAddr) -> String {
        let mut stream = TcpStream::connect(proxy).await.unwrap();
        let request = "GET /name HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.rsplit("\r\n").next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn connections_go_to_those_that_are_ready_in_turn() {
        let mut tasks = JoinSet::new();
        let flags = [true, true].map(|is_ready| Arc::new(AtomicBool::new(is_ready)));
        let servers = vec![
            server("1", Arc::clone(&flags[0]), &mut tasks).await,
            server("2", Arc::clone(&flags[1]), &mut tasks).await,
        ];
        let proxy = ReadyProxy::start(servers).await;
        let names = async || {
            let names = [name(proxy.address()).await, name(proxy.address()).await];
            names.concat()
        };
        eventually("both get connections", async || {
            matches!(&*names().await, "12" | "21")
        })
        .await;
        flags[0].store(false, Ordering::Relaxed);
        eventually("one that is not ready gets none", async || {
            names().await == "22"
        })
        .await;
        flags[0].store(true, Ordering::Relaxed);
        eventually("both get connections again", async || {
            matches!(&*names().await, "12" | "21")
        })
        .await;
    }
}
