//! Listeners: how many deliveries a second, and what a silent one costs.

use bus::Bus;
use futures::StreamExt;
use system_tests::Cluster;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;

use crate::commits::{create, flood};
use crate::cpu::{Used, settled_memory_kb};
use crate::crowd::{Crowd, PACE, Socket};
use crate::report::{Report, Row, median, rate};

async fn connect(cluster: &Cluster, world: &str, count: usize) -> Vec<Socket> {
    let base = cluster.gateways[0].base.replacen("http", "ws", 1);
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let (mut socket, _) = connect_async(format!("{base}/v1/worlds/{world}/ws"))
            .await
            .unwrap();
        // The first frame says that it listens.
        socket.next().await.unwrap().unwrap();
        sockets.push(socket);
    }
    sockets
}

pub(crate) async fn deliveries(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "deliveries/s, one world, 100 WebSockets";
    if !report.wants(name) {
        return;
    }
    let listeners = 100;
    let world = create(bus, "fanout").await;
    let mut crowd = Crowd::default();
    for socket in connect(cluster, "fanout", listeners).await {
        crowd.add(socket);
    }
    let paces = report.count(50);
    let count = paces * PACE * listeners;
    let (mut rates, mut costs) = (vec![], vec![]);
    for _ in 0..3 {
        let before = Used::now(cluster);
        let send = async || {
            flood(bus, &world, PACE, 1).await;
        };
        rates.push(rate(count, crowd.measure_deliveries(paces, send).await));
        costs.push(before.per_operation(cluster, count));
    }
    let value = median(&mut rates);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: "bar 100000/s".to_owned(),
        ratio: value / 100_000.0,
        bar: ">= 100,000/s",
        met: value >= 100_000.0,
        cpu_ms: Some(median(&mut costs)),
    });
}

pub(crate) async fn idle_connections(cluster: &Cluster, report: &mut Report) {
    if report.wants(IDLE_SOCKET) || report.wants(IDLE_STREAM) {
        create(&cluster.bus().await, "idle").await;
    }
    if report.wants(IDLE_SOCKET) {
        let open = async |count| connect(cluster, "idle", count).await;
        measure_idle(cluster, report, IDLE_SOCKET, open).await;
    }
    if report.wants(IDLE_STREAM) {
        let open = async |count| open_streams(cluster, "idle", count).await;
        measure_idle(cluster, report, IDLE_STREAM, open).await;
    }
}

const IDLE_SOCKET: &str = "memory of an idle WebSocket";
const IDLE_STREAM: &str = "memory of an idle event stream";

/// What each of many connections adds to a gateway that has served some.
async fn measure_idle<Connections>(
    cluster: &Cluster,
    report: &mut Report,
    name: &'static str,
    open: impl AsyncFn(usize) -> Connections,
) {
    let warm = open(100).await;
    let before = settled_memory_kb(cluster, "gateway").await;
    let count = report.count(1000);
    let connections = open(count).await;
    let grown = settled_memory_kb(cluster, "gateway").await - before;
    drop((warm, connections));
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of one process")]
    let each = grown as f64 / count as f64;
    report.add(Row {
        name,
        value: format!("{each:.1} kB"),
        control: "bar 12 kB".to_owned(),
        ratio: each / 12.0,
        bar: "<= 12 kB",
        met: each <= 12.0,
        cpu_ms: None,
    });
}

/// Event streams of which the first event was received.
async fn open_streams(cluster: &Cluster, world: &str, count: usize) -> Vec<TcpStream> {
    let address = cluster.gateways[0].base.trim_start_matches("http://");
    let request =
        format!("GET /v1/worlds/{world}/events/stream HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        while !received.windows(12).any(|text| text == b"event: ready") {
            let read = stream.read_buf(&mut received).await.unwrap();
            assert!(read > 0, "the stream has ended");
        }
        streams.push(stream);
    }
    streams
}
