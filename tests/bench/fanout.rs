//! Listeners: how many deliveries a second, and what a silent one costs.

use std::time::Instant;

use bus::Bus;
use futures::StreamExt;
use system_tests::Cluster;
use testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;

use crate::commits::{create, flood};
use crate::cpu::{Used, memory_kb, settled_memory_kb};
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
        let path = "/v1/worlds/idle/events/stream";
        let open = async |count| open_streams(cluster, path, count).await;
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

/// Clients that read a long log from its beginning, and stop.
pub(crate) async fn stopped_readers(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    const COMMITS: usize = 20_000;
    const BAR_MB: f64 = 200.0;
    let name = "memory of 500 event streams that stop";
    if !report.wants(name) {
        return;
    }
    let world = create(bus, "stopped").await;
    flood(bus, &world, COMMITS, 1).await;
    let path = "/v1/worlds/stopped/events/stream?after=0";
    let before = settled_memory_kb(cluster, "gateway").await;
    let opened = Instant::now();
    let streams = open_streams(cluster, path, report.count(500)).await;
    let (mut most, mut closed_after) = (before, None);
    eventually("all of them are closed", async || {
        most = most.max(memory_kb(cluster, "gateway"));
        let open = "manyworlds_gateway_connections{transport=\"sse\"";
        let open = cluster.metric("gateway", open).await.unwrap();
        closed_after = (open < 1.0).then(|| opened.elapsed());
        closed_after.is_some()
    })
    .await;
    drop(streams);
    #[expect(clippy::cast_precision_loss, reason = "megabytes of one process")]
    let grown = (most - before) as f64 / 1024.0;
    let seconds = closed_after.unwrap_or_default().as_secs_f64();
    report.add(Row {
        name,
        value: format!("{grown:.0} MB"),
        control: format!("closed after {seconds:.0} s"),
        ratio: grown / BAR_MB,
        bar: "<= 200 MB",
        met: grown <= BAR_MB,
        cpu_ms: None,
    });
}

/// Event streams of which the first event was received.
async fn open_streams(cluster: &Cluster, path: &str, count: usize) -> Vec<TcpStream> {
    let address = cluster.gateways[0].base.trim_start_matches("http://");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
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
