//! The door for clients of GenWorlds, beside GenWorlds' own server from its package, in the same run.
//!
//! That server passes frames on and stores none; the door checks, orders and stores them.

mod server;

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
use crate::report::{Report, Row, median, milliseconds, percentile, rate};
use server::Server;

/// As a client sends it, and as GenWorlds' server passes it on. The door adds three fields of the log.
const FRAME_BYTES: usize = 343;
const REFUSED: &str = r#"{"event_type":"error""#;
const ROUNDS: usize = 5;
/// What the door delivers in one round, to whatever number of listeners, in units of [`PACE`]. Frames are
/// sent without waiting for those before them: two paces at most are under way.
const PACES: usize = 160;
/// What is sent to the door in one round at least, in the same units.
const PACES_MIN: usize = 8;
/// Frames that one client sends without waiting for the echo of any.
const PIPELINED: usize = 10_000;
/// In the place of the number of a frame.
const NUMBER: &str = "0123456789";
const BAR: &str = "> 1x GenWorlds";

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
    let server = Server::start().await;
    let mut control = Meeting::gather(&server.url, server.processes(), listeners).await;
    let door = door(cluster, bus, &format!("genworlds-{listeners}")).await;
    let mut ours = Meeting::gather(&door, cluster.process_ids(), listeners).await;
    let paces = report.count((PACES / listeners).max(PACES_MIN));
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.controls.push(control.measure(paces).await);
        rounds.ours.push(ours.measure(paces).await);
    }
    report.add(rounds.row(name, Bar::MoreThanControl, |rate| format!("{rate:.0}/s")));
}

/// One client, which sends as fast as it can, and receives the echoes of its frames.
pub(crate) async fn pipelined(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "GenWorlds frames/s, 10,000 pipelined";
    if !report.wants(name) {
        return;
    }
    let server = Server::start().await;
    let mut control = Meeting::gather(&server.url, server.processes(), 1).await;
    let door = door(cluster, bus, "genworlds-pipelined").await;
    let mut ours = Meeting::gather(&door, cluster.process_ids(), 1).await;
    let count = report.count(PIPELINED);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.controls.push(control.measure_pipelined(count).await);
        rounds.ours.push(ours.measure_pipelined(count).await);
    }
    report.add(rounds.row(name, Bar::MoreThanControl, |rate| format!("{rate:.0}/s")));
}

/// One client, which waits for the echo of a frame before it sends the next: by then the log has it.
pub(crate) async fn echo(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "GenWorlds frame to its durable echo, p50";
    if !report.wants(name) {
        return;
    }
    let server = Server::start().await;
    let mut control = connect(&server.url).await;
    let (theirs, processes) = (server.processes(), cluster.process_ids());
    let mut ours = connect(&door(cluster, bus, "genworlds-echo").await).await;
    let mut frames = Frames::new();
    // The first frame of a client brings it into the world.
    echoes(&processes, &mut ours, &mut frames, 1).await;
    let count = report.count(2000);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let measured = echoes(&theirs, &mut control, &mut frames, count).await;
        rounds.controls.push(measured);
        let measured = echoes(&processes, &mut ours, &mut frames, count).await;
        rounds.ours.push(measured);
    }
    report.add(rounds.row(name, Bar::None, |p50| format!("{p50:.3} ms")));
}

/// What came in one round, and the CPU time of all processes for each delivery.
struct Measured {
    value: f64,
    cost: Cost,
}

/// What a row must hold. A frame that is echoed once it is durable takes longer than one that nobody stores.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bar {
    MoreThanControl,
    None,
}

/// The same at our door and at GenWorlds' server, by turns.
#[derive(Default)]
struct Rounds {
    ours: Vec<Measured>,
    controls: Vec<Measured>,
}

impl Rounds {
    fn row(&self, name: &'static str, bar: Bar, show: impl Fn(f64) -> String) -> Row {
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
        let ratio = median(&mut ratios);
        let (bar, met) = match bar {
            Bar::MoreThanControl => (BAR, ratio > 1.0),
            Bar::None => ("none", true),
        };
        Row {
            name,
            value: show(value(&self.ours)),
            control: format!("GenWorlds {control}, CPU {:.3}", cost(&self.controls).total),
            ratio,
            bar,
            met,
            cpu_ms: Some(cost(&self.ours)),
        }
    }
}

/// Clients at one address, one of which sends.
struct Meeting {
    speaker: SplitSink<Socket, Message>,
    crowd: Crowd,
    size: usize,
    frames: Frames,
    /// Whose CPU time is counted.
    processes: Vec<(String, u32)>,
}

impl Meeting {
    async fn gather(url: &str, processes: Vec<(String, u32)>, size: usize) -> Self {
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
            frames: Frames::new(),
            processes,
        };
        meeting.hold(1).await;
        meeting
    }

    /// Deliveries a second, of so many times [`PACE`] frames.
    async fn measure(&mut self, paces: usize) -> Measured {
        let before = Used::by(&self.processes);
        let took = self.hold(paces).await;
        let count = paces * PACE * self.size;
        Measured {
            value: rate(count, took),
            cost: before.per_operation_by(&self.processes, count),
        }
    }

    /// The same of so many frames that are all under way at once.
    async fn measure_pipelined(&mut self, frames: usize) -> Measured {
        let before = Used::by(&self.processes);
        let speak = async {
            for _ in 0..frames {
                self.speaker.feed(self.frames.next()).await.unwrap();
            }
            self.speaker.flush().await.unwrap();
        };
        let took = self.crowd.measure_pipelined(frames, speak).await;
        let count = frames * self.size;
        Measured {
            value: rate(count, took),
            cost: before.per_operation_by(&self.processes, count),
        }
    }

    async fn hold(&mut self, paces: usize) -> Duration {
        let speak = async || {
            for _ in 0..PACE {
                self.speaker.send(self.frames.next()).await.unwrap();
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
async fn echoes(
    processes: &[(String, u32)],
    socket: &mut Socket,
    frames: &mut Frames,
    count: usize,
) -> Measured {
    let mut times = Vec::with_capacity(count);
    let before = Used::by(processes);
    for _ in 0..count {
        let frame = frames.next();
        let started = Instant::now();
        socket.send(frame).await.unwrap();
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
        cost: before.per_operation_by(processes, count),
    }
}

/// What the door refuses it says to the speaker alone: that is no delivery.
fn assert_taken(received: &Message) {
    let text = received.to_text().unwrap_or_default();
    assert!(!text.starts_with(REFUSED), "{text}");
}

/// Events of GenWorlds, for everyone. Each is another: one that repeats another is nothing new.
struct Frames {
    /// What comes before and behind the number of each.
    text: [String; 2],
    count: u32,
}

impl Frames {
    fn new() -> Self {
        let mut event = json!({
            "event_type": "bench_happened", "description": "It happens.", "summary": null,
            "created_at": "2023-10-09T12:56:42.104327", "sender_id": "guest", "target_id": null,
            "message": NUMBER,
        });
        let missing = FRAME_BYTES - event.to_string().len();
        event["message"] = format!("{NUMBER}{}", "x".repeat(missing)).into();
        let text = event.to_string();
        let (before, behind) = text.split_once(NUMBER).unwrap();
        Self {
            text: [before, behind].map(ToOwned::to_owned),
            count: 0,
        }
    }

    fn next(&mut self) -> Message {
        self.count += 1;
        let [before, behind] = &self.text;
        Message::text(format!("{before}{:010}{behind}", self.count))
    }
}
