//! Events through nodes that are code of workers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bus::Bus;
use contract::SessionId;
use futures::future::join_all;
use manyworlds_sdk::{Error, Node, NodeCtx, NodeEvent, Worker};
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use system_tests::{Cluster, Http, Process};
use testkit::free_port;

use super::sessions::{Sessions, chain, single};
use crate::cpu::Used;
use crate::report::{Report, Row, median, milliseconds, percentile, rate};

const ROUNDS: usize = 3;
const SESSIONS: usize = 64;
/// Runs of one action at a time: the default of a worker.
const SLOTS: usize = 64;
const BLOCKS_FOR: Duration = Duration::from_secs(1);

/// The nodes of the example `support_desk`, in a process of their own.
async fn support_desk(cluster: &Cluster) -> Process {
    let listen = format!("127.0.0.1:{}", free_port());
    let environment = BTreeMap::from([
        ("MANYWORLDS_NATS__URL".to_owned(), cluster.nats.url()),
        ("MANYWORLDS_LISTEN".to_owned(), listen.clone()),
    ]);
    let name = "support_desk".to_owned();
    let process = Process::start(
        "examples/support_desk",
        name,
        environment,
        &cluster.folder(),
    );
    Http::new(format!("http://{listen}")).ready().await;
    process
}

/// The processes of a system and of a worker beside it.
fn with_worker(cluster: &Cluster, worker: &Process) -> Vec<(String, u32)> {
    let id = worker.id().expect("the worker runs");
    let mut processes = cluster.process_ids();
    processes.push((worker.name.clone(), id));
    processes
}

fn escalation() -> Value {
    json!({"reason": "User is frustrated", "severity": "high"})
}

async fn supervised(bus: &Bus, id: &str) -> Sessions {
    let sessions = Sessions::create(bus, id, chain("supervisor", "escalation_event")).await;
    sessions.listen().await;
    sessions
}

/// One event after the other, each handled at each of three nodes.
pub(crate) async fn one_session(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "one event through 3 nodes with a worker, p50";
    if !report.wants(name) {
        return;
    }
    let worker = support_desk(cluster).await;
    let processes = with_worker(cluster, &worker);
    let sessions = supervised(bus, "one-session").await;
    let session = sessions.begin().await;
    let count = report.count(500);
    let mut times = Vec::with_capacity(count);
    let before = Used::by(&processes);
    for _ in 0..count {
        let started = Instant::now();
        sessions
            .pass(session, "escalation_event", &escalation())
            .await;
        times.push(started.elapsed());
    }
    let cost = before.per_operation_by(&processes, count);
    let p50 = milliseconds(percentile(&mut times, 0.5));
    report.add(Row {
        name,
        value: format!("{p50:.2} ms"),
        control: "bar 5 ms".to_owned(),
        ratio: p50 / 5.0,
        bar: "<= 5 ms",
        met: p50 <= 5.0,
        cpu_ms: Some(cost),
    });
}

/// Many sessions, each with one event after the other.
pub(crate) async fn many_sessions(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "events/s through 3 nodes with a worker";
    if !report.wants(name) {
        return;
    }
    let worker = support_desk(cluster).await;
    let processes = with_worker(cluster, &worker);
    let sessions = supervised(bus, "many-sessions").await;
    let mut open: Vec<SessionId> = Vec::new();
    for _ in 0..SESSIONS {
        open.push(sessions.begin().await);
    }
    let each = report.count(100);
    let (mut rates, mut costs) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let before = Used::by(&processes);
        let started = Instant::now();
        let senders = open.iter().map(|session| {
            let (sessions, session) = (sessions.clone(), *session);
            tokio::spawn(async move {
                for _ in 0..each {
                    sessions
                        .pass(session, "escalation_event", &escalation())
                        .await;
                }
            })
        });
        for ended in join_all(senders).await {
            ended.unwrap();
        }
        rates.push(rate(SESSIONS * each, started.elapsed()));
        costs.push(before.per_operation_by(&processes, SESSIONS * each));
    }
    let value = median(&mut rates);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("{:.0} runs/s", value * 3.0),
        ratio: value / 2000.0,
        bar: ">= 2,000/s",
        met: value >= 2000.0,
        cpu_ms: Some(median(&mut costs)),
    });
}

struct Quick;

impl Node for Quick {
    async fn process_event(&self, _event: NodeEvent, _ctx: NodeCtx) -> Result<(), Error> {
        Ok(())
    }
}

/// Blocks its thread, as it should not.
struct Blocked;

impl Node for Blocked {
    async fn process_event(&self, _event: NodeEvent, _ctx: NodeCtx) -> Result<(), Error> {
        std::thread::sleep(BLOCKS_FOR);
        Ok(())
    }
}

/// A session whose node is on the same worker as another, of which every slot blocks its thread.
pub(crate) async fn beside_blocked_nodes(bus: &Bus, report: &mut Report) {
    let name = "one event beside 64 blocked nodes, p99";
    if !report.wants(name) {
        return;
    }
    let worker = Worker::builder()
        .node("bench_quick", Quick)
        .node("bench_blocked", Blocked)
        .build(manyworlds_sdk::Config::default())
        .unwrap();
    let shutdown = CancellationToken::new();
    let running = worker.run_with(bus.clone(), Health::default(), shutdown.clone());
    let running = tokio::spawn(running);
    let quick = Sessions::create(bus, "quick", single("bench_quick", "task")).await;
    let blocked = Sessions::create(bus, "blocked", single("bench_blocked", "task")).await;
    quick.listen().await;
    blocked.listen().await;
    let session = quick.begin().await;
    let mut times = Vec::new();
    let mut alone = Vec::new();
    let count = report.count(300);
    for _ in 0..count {
        let started = Instant::now();
        quick.pass(session, "task", &json!({})).await;
        alone.push(started.elapsed());
    }
    let mut waiting = Vec::new();
    for _ in 0..SLOTS {
        let (blocked, session) = (blocked.clone(), blocked.begin().await);
        waiting.push(tokio::spawn(async move {
            blocked.pass(session, "task", &json!({})).await;
        }));
    }
    while waiting.iter().any(|blocked| !blocked.is_finished()) {
        let started = Instant::now();
        quick.pass(session, "task", &json!({})).await;
        times.push(started.elapsed());
    }
    shutdown.cancel();
    running.await.unwrap().unwrap();
    let p99 = milliseconds(percentile(&mut times, 0.99));
    let control = milliseconds(percentile(&mut alone, 0.99));
    report.add(Row {
        name,
        value: format!("{p99:.2} ms"),
        control: format!("{control:.2} ms alone"),
        ratio: p99 / 50.0,
        bar: "< 50 ms",
        met: p99 < 50.0,
        cpu_ms: None,
    });
}
