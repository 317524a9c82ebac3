//! Sessions over the door for clients of Atoms.

use std::time::{Duration, Instant};

use bus::Bus;
use futures::future::join_all;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use system_tests::Cluster;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::sessions::{FLOW, Sessions, chain};
use crate::commits::{create, events, send};
use crate::cpu::{Used, settled_memory_kb};
use crate::crowd::Socket;
use crate::report::{Report, Row, median, milliseconds, percentile, rate};

const ROUNDS: usize = 5;
const SESSIONS: usize = 50;
/// Events of one session that are under way at a time.
const WINDOW: usize = 8;
const DEADLINE: Duration = Duration::from_secs(60);

/// A client whose session has begun.
struct Client(Socket);

impl Client {
    async fn connect(cluster: &Cluster, world: &str) -> Self {
        let base = cluster.gateways[0].base.replacen("http", "ws", 1);
        let url = format!("{base}/atoms/{world}/{FLOW}/ws");
        let (socket, _) = connect_async(url).await.unwrap();
        let mut client = Self(socket);
        let context = json!({"initial_variables": {}, "conversation_type": "chat"});
        let init = json!({"type": "system.init", "version": "1.0", "session_context": context});
        client.0.send(binary(&init)).await.unwrap();
        client.receive("agent.ready").await;
        client
    }

    async fn send_note(&mut self) {
        let note = json!({"type": "myapp.note", "text": "x".repeat(160)});
        self.0.send(binary(&note)).await.unwrap();
    }

    /// Waits for the next event of this type.
    async fn receive(&mut self, event_type: &str) {
        let wanted = format!("\"{event_type}\"");
        loop {
            let frame = tokio::time::timeout(DEADLINE, self.0.next()).await;
            let frame = frame.expect("a frame in time").unwrap().unwrap();
            let text = String::from_utf8(frame.into_data().to_vec()).unwrap();
            assert!(!text.contains("\"agent.error\""), "{text}");
            if text.contains(&wanted) {
                return;
            }
        }
    }

    async fn exchange(&mut self, count: usize, window: usize) {
        for _ in 0..window.min(count) {
            self.send_note().await;
        }
        for received in 0..count {
            self.receive("myapp.note").await;
            if received + window < count {
                self.send_note().await;
            }
        }
    }
}

fn binary(value: &serde_json::Value) -> Message {
    Message::binary(value.to_string().into_bytes())
}

async fn create_world(bus: &Bus, id: &str) {
    Sessions::create(bus, id, chain("w", "task")).await;
}

/// One event after the other to the sink and back, beside one command after the other.
pub(crate) async fn round_trip(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "one event of a session and back, p50";
    if !report.wants(name) {
        return;
    }
    create_world(bus, "round-trip").await;
    let plain = create(bus, "round-trip-control").await;
    let mut client = Client::connect(cluster, "round-trip").await;
    let count = report.count(1000);
    let (mut ours, mut controls, mut ratios, mut costs) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let started = Instant::now();
            send(bus, &plain, events(1)).await;
            times.push(started.elapsed());
        }
        let control = percentile(&mut times, 0.5);
        times.clear();
        let before = Used::now(cluster);
        for _ in 0..count {
            let started = Instant::now();
            client.exchange(1, 1).await;
            times.push(started.elapsed());
        }
        costs.push(before.per_operation(cluster, count));
        let p50 = percentile(&mut times, 0.5);
        ours.push(p50);
        controls.push(control);
        ratios.push(p50.as_secs_f64() / control.as_secs_f64());
    }
    let ratio = median(&mut ratios);
    report.add(Row {
        name,
        value: format!("{:.3} ms", milliseconds(median(&mut ours))),
        control: format!("a command {:.3} ms", milliseconds(median(&mut controls))),
        ratio,
        bar: "<= 2x",
        met: ratio <= 2.0,
        cpu_ms: Some(median(&mut costs)),
    });
}

/// Sessions that each have some events under way.
pub(crate) async fn fifty(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "events/s and back, 50 sessions, window 8";
    if !report.wants(name) {
        return;
    }
    create_world(bus, "fifty").await;
    let mut clients = Vec::new();
    for _ in 0..SESSIONS {
        clients.push(Client::connect(cluster, "fifty").await);
    }
    let each = report.count(1000);
    let (mut rates, mut costs) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let before = Used::now(cluster);
        let started = Instant::now();
        let exchanges = clients.into_iter().map(|mut client| {
            tokio::spawn(async move {
                client.exchange(each, WINDOW).await;
                client
            })
        });
        let ended = join_all(exchanges).await;
        clients = ended.into_iter().map(Result::unwrap).collect();
        rates.push(rate(SESSIONS * each, started.elapsed()));
        costs.push(before.per_operation(cluster, SESSIONS * each));
    }
    let value = median(&mut rates);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: "bar 10000/s".to_owned(),
        ratio: value / 10_000.0,
        bar: ">= 10,000/s",
        met: value >= 10_000.0,
        cpu_ms: Some(median(&mut costs)),
    });
}

/// What sessions in which nothing happens cost the gateway and the world.
pub(crate) async fn idle(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "memory of an idle session";
    if !report.wants(name) {
        return;
    }
    create_world(bus, "idle-sessions").await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(Client::connect(cluster, "idle-sessions").await);
    }
    let (gateway, world) = settled(cluster).await;
    // So many that what beginning them took is small beside what they keep.
    let count = report.count(4000);
    for _ in 0..count {
        clients.push(Client::connect(cluster, "idle-sessions").await);
    }
    let (gateway_after, world_after) = settled(cluster).await;
    drop(clients);
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of one process")]
    let each = |grown: i64| grown as f64 / count as f64;
    let (gateway, world) = (each(gateway_after - gateway), each(world_after - world));
    report.add(Row {
        name,
        value: format!("{:.1} kB", gateway + world),
        control: format!("gateway {gateway:.1}, world {world:.1}"),
        ratio: (gateway + world) / 16.0,
        bar: "<= 16 kB",
        met: gateway + world <= 16.0,
        cpu_ms: None,
    });
}

async fn settled(cluster: &Cluster) -> (i64, i64) {
    let gateway = settled_memory_kb(cluster, "gateway").await;
    (gateway, settled_memory_kb(cluster, "world").await)
}
