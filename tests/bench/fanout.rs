//! Listeners: how many deliveries a second, and what a silent one costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bus::Bus;
use futures::StreamExt;
use system_tests::Cluster;
use testkit::eventually;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::commits::{create, flood};
use crate::cpu::{self, Used};
use crate::report::{Report, Row, median, rate};

/// Events that are sent before the listeners are waited for: fewer than a gateway keeps for them.
const PACE: usize = 256;
/// Memory that has not changed for so many looks, 10 ms apart, has settled.
const SETTLED_LOOKS: usize = 20;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

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
    let heard = Arc::new(AtomicUsize::new(0));
    for mut socket in connect(cluster, "fanout", listeners).await {
        let heard = heard.clone();
        tokio::spawn(async move {
            while let Some(Ok(frame)) = socket.next().await {
                if frame.is_text() {
                    heard.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    let commands = report.count(12_800) / 64 * 64;
    let (mut rates, mut costs) = (vec![], vec![]);
    for _ in 0..3 {
        let (before, until) = (
            Used::now(cluster),
            heard.load(Ordering::Relaxed) + commands * listeners,
        );
        let started = Instant::now();
        // Paced, so that what is measured is the deliveries and not how fast a listener falls behind.
        let before_any = heard.load(Ordering::Relaxed);
        for round in 0..commands / PACE {
            flood(bus, &world, PACE, 1).await;
            while heard.load(Ordering::Relaxed) < before_any + round * PACE * listeners {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        }
        let sent = commands / PACE * PACE;
        let until = until - (commands - sent) * listeners;
        eventually("every listener heard everything", async || {
            heard.load(Ordering::Relaxed) >= until
        })
        .await;
        rates.push(rate(sent * listeners, started.elapsed()));
        costs.push(before.per_operation(cluster, sent * listeners));
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
    let before = settled_kb(cluster).await;
    let count = report.count(1000);
    let sockets = connect(cluster, "idle", count).await;
    let grown = settled_kb(cluster).await - before;
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

/// The memory of the gateway, once what it took to open the connections is given back.
async fn settled_kb(cluster: &Cluster) -> i64 {
    let (mut memory, mut looks) = (0, 0);
    eventually("the gateway's memory has settled", async || {
        let now = cpu::memory_kb(cluster, "gateway");
        looks = if now == memory { looks + 1 } else { 0 };
        memory = now;
        looks >= SETTLED_LOOKS
    })
    .await;
    memory
}
