//! Listeners: how many deliveries a second, and what a silent one costs.

use bus::Bus;
use futures::StreamExt;
use system_tests::Cluster;
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
    let name = "memory of an idle WebSocket";
    if !report.wants(name) {
        return;
    }
    let bus = cluster.bus().await;
    create(&bus, "idle").await;
    let warm = connect(cluster, "idle", 100).await;
    let before = settled_memory_kb(cluster, "gateway").await;
    let count = report.count(1000);
    let sockets = connect(cluster, "idle", count).await;
    let grown = settled_memory_kb(cluster, "gateway").await - before;
    drop((warm, sockets));
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
