//! The door for clients of GenWorlds, beside a relay that does what GenWorlds' server does.
//!
//! The relay stores nothing: what the door costs more is the price of a log.

use std::time::{Duration, Instant};

use bus::Bus;
use futures::stream::SplitSink;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use system_tests::Cluster;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;

use crate::commits::create;
use crate::cpu::{Cost, Used};
use crate::crowd::{Crowd, PACE, Socket};
use crate::relay::Relay;
use crate::report::{Report, Row, median, milliseconds, percentile, rate};

/// As a client sends it, and as the relay passes it on. The door adds three fields of the log.
const FRAME_BYTES: usize = 343;
const REFUSED: &str = r#"{"event_type":"error""#;
const ROUNDS: usize = 5;
/// What the door delivers in one round, to whatever number of listeners, in units of [`PACE`]. Frames are
/// sent without waiting for those before them: two paces at most are under way.
const PACES: usize = 160;
/// What is sent to the door in one round at least, in the same units.
const PACES_MIN: usize = 8;
/// What the relay delivers in one round, to whatever number of listeners, in the same units. It is
/// so much faster that as many frames as the door gets would be over before CPU time is counted.
const RELAY_PACES: usize = 400;

pub(crate) async fn to_one(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "GenWorlds deliveries/s, 1 WebSocket";
    deliveries(cluster, bus, report, name, 1).await;
}

pub(crate) async fn to_ten(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "GenWorlds deliveries/s, 10 WebSockets";
    deliveries(cluster, bus, report, name, 10).await;
}

pub(crate) async fn to_hundred(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "GenWorlds deliveries/s, 100 WebSockets";
    deliveries(cluster, bus, report, name, 100).await;
}

/// One client sends, and every client receives it, the sender included.
async fn deliveries(
    cluster: &Cluster,
    bus: &Bus,
    report: &mut Report,
    name: &'static str,
    listeners: usize,
) {
    if !report.wants(name) {
        return;
    }
    let relay = Relay::start().await;
    let mut control = Meeting::gather(&relay.url, listeners).await;
    let door = door(cluster, bus, &format!("genworlds-{listeners}")).await;
    let mut ours = Meeting::gather(&door, listeners).await;
    let paces = report.count((PACES / listeners).max(PACES_MIN));
    let control_paces = report.count(RELAY_PACES / listeners);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds
            .controls
            .push(control.measure(cluster, control_paces).await);
        rounds.ours.push(ours.measure(cluster, paces).await);
    }
    report.add(rounds.row(name, |rate| format!("{rate:.0}/s")));
}

/// One client, which waits for the echo of a frame before it sends the next: by then the log has it.
pub(crate) async fn echo(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "GenWorlds frame to its durable echo, p50";
    if !report.wants(name) {
        return;
    }
    let relay = Relay::start().await;
    let mut control = connect(&relay.url).await;
    let mut ours = connect(&door(cluster, bus, "genworlds-echo").await).await;
    // The first frame of a client brings it into the world.
    echoes(cluster, &mut ours, 1).await;
    let count = report.count(2000);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds
            .controls
            .push(echoes(cluster, &mut control, count).await);
        rounds.ours.push(echoes(cluster, &mut ours, count).await);
    }
    report.add(rounds.row(name, |p50| format!("{p50:.3} ms")));
}

/// What came in one round, and the CPU time of all processes for each delivery.
struct Measured {
    value: f64,
    cost: Cost,
}

/// The same at our door and at the relay, by turns.
#[derive(Default)]
struct Rounds {
    ours: Vec<Measured>,
    controls: Vec<Measured>,
}

impl Rounds {
    fn row(&self, name: &'static str, show: impl Fn(f64) -> String) -> Row {
        let value = |rounds: &[Measured]| {
            let mut values: Vec<f64> = rounds.iter().map(|round| round.value).collect();
            median(&mut values)
        };
        let cost = |rounds: &[Measured]| {
            let mut costs: Vec<Cost> = rounds.iter().map(|round| round.cost.clone()).collect();
            median(&mut costs)
        };
        let pairs = self.ours.iter().zip(&self.controls);
        let mut ratios: Vec<f64> = pairs
            .map(|(ours, control)| ours.value / control.value)
            .collect();
        let control = show(value(&self.controls));
        Row {
            name,
            value: show(value(&self.ours)),
            control: format!("relay {control}, CPU {:.3}", cost(&self.controls).total),
            ratio: median(&mut ratios),
            bar: "none",
            met: true,
            cpu_ms: Some(cost(&self.ours)),
        }
    }
}

/// Clients at one address, one of which sends.
struct Meeting {
    speaker: SplitSink<Socket, Message>,
    crowd: Crowd,
    size: usize,
}

impl Meeting {
    async fn gather(url: &str, size: usize) -> Self {
        let mut crowd = Crowd::default();
        for _ in 1..size {
            crowd.add(connect(url).await);
        }
        // The last that connects: when its frame arrives, all are connected.
        let (speaker, frames) = connect(url).await.split();
        crowd.add(frames.inspect(|frame| frame.iter().for_each(assert_taken)));
        let mut meeting = Self {
            speaker,
            crowd,
            size,
        };
        meeting.hold(1).await;
        meeting
    }

    /// Deliveries a second, of so many times [`PACE`] frames.
    async fn measure(&mut self, cluster: &Cluster, paces: usize) -> Measured {
        let before = Used::now(cluster);
        let took = self.hold(paces).await;
        let count = paces * PACE * self.size;
        Measured {
            value: rate(count, took),
            cost: before.per_operation(cluster, count),
        }
    }

    async fn hold(&mut self, paces: usize) -> Duration {
        let frame = frame();
        let speak = async || {
            for _ in 0..PACE {
                self.speaker.send(frame.clone()).await.unwrap();
            }
        };
        self.crowd.measure_deliveries(paces, speak).await
    }
}

/// The address of a new world.
async fn door(cluster: &Cluster, bus: &Bus, world: &str) -> String {
    create(bus, world).await;
    let base = cluster.gateways[0].base.replacen("http", "ws", 1);
    format!("{base}/ws/{world}")
}

/// As clients of GenWorlds do, it sends each frame at once.
async fn connect(url: &str) -> Socket {
    let connected = connect_async_with_config(url, None, true).await;
    let (socket, _) = connected.unwrap();
    socket
}

/// Milliseconds until a client receives the echo of its frame, in the middle of so many times.
async fn echoes(cluster: &Cluster, socket: &mut Socket, count: usize) -> Measured {
    let frame = frame();
    let mut times = Vec::with_capacity(count);
    let before = Used::now(cluster);
    for _ in 0..count {
        let started = Instant::now();
        socket.send(frame.clone()).await.unwrap();
        let received = loop {
            let received = socket.next().await.unwrap().unwrap();
            if received.is_text() {
                break received;
            }
        };
        times.push(started.elapsed());
        assert_taken(&received);
    }
    Measured {
        value: milliseconds(percentile(&mut times, 0.5)),
        cost: before.per_operation(cluster, count),
    }
}

/// What the door refuses it says to the speaker alone: that is no delivery.
fn assert_taken(received: &Message) {
    let text = received.to_text().unwrap_or_default();
    assert!(!text.starts_with(REFUSED), "{text}");
}

/// An event of GenWorlds, for everyone.
fn frame() -> Message {
    let mut event = json!({
        "event_type": "bench_happened", "description": "It happens.", "summary": null,
        "created_at": "2023-10-09T12:56:42.104327", "sender_id": "guest", "target_id": null,
        "message": "",
    });
    let missing = FRAME_BYTES - event.to_string().len();
    event["message"] = "x".repeat(missing).into();
    Message::text(event.to_string())
}
