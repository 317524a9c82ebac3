//! Durable requests for an action, run by a worker, and their results.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bus::Bus;
use contract::{Command, CommandId, CommandRequest, Fact, FactKind, RunId, WorldId};
use futures::future::join_all;
use system_tests::Cluster;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::commits::create;
use crate::cpu::Used;
use crate::report::{Report, Row, median, milliseconds, percentile, rate};

const DEADLINE: Duration = Duration::from_secs(30);

/// Who waits for the end of which run.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<Mutex<HashMap<RunId, oneshot::Sender<()>>>>);

impl Waiting {
    /// Passes the results on to those who wait, as they are published.
    pub(crate) async fn listen(&self, bus: &Bus, world: &WorldId) -> JoinHandle<()> {
        let mut commits = bus.log().subscribe_commits(world).await.unwrap();
        bus.flush().await.unwrap();
        let waiting = self.clone();
        tokio::spawn(async move {
            while let Some(stored) = commits.next().await {
                for event in stored.entry.commit().unwrap().events {
                    // What is not waited for is not parsed: this is beside what is measured.
                    if event.event_type.as_str() != FactKind::ActionCompleted.name() {
                        continue;
                    }
                    let fact = Fact::parse(&event.event_type, &event.data).unwrap();
                    let Some(Fact::ActionCompleted(completed)) = fact else {
                        continue;
                    };
                    if let Some(ended) = waiting.lock().remove(&completed.run) {
                        let _ = ended.send(());
                    }
                }
            }
        })
    }

    pub(crate) async fn run_one(&self, bus: &Bus, world: &WorldId) -> Duration {
        let started = Instant::now();
        let id = CommandId::new();
        let (ended, end) = oneshot::channel();
        self.lock().insert(id.event(0).run(), ended);
        let command = Command::RequestAction {
            action: "echo".parse().unwrap(),
            entity: "ada".parse().unwrap(),
            arguments: None,
            deadline: None,
        };
        let request = CommandRequest {
            id,
            sender: "guest".parse().unwrap(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        bus.worlds()
            .command(world, request, DEADLINE)
            .await
            .unwrap();
        tokio::time::timeout(DEADLINE, end)
            .await
            .expect("a result in time")
            .unwrap();
        started.elapsed()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn at_64(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "runs/s, 64 in flight, one world";
    if !report.wants(name) {
        return;
    }
    let world = create(bus, "runs").await;
    let waiting = Waiting::default();
    let listening = waiting.listen(bus, &world).await;
    let each = report.count(300);
    let (mut rates, mut costs) = (vec![], vec![]);
    for _ in 0..3 {
        let before = Used::now(cluster);
        let started = Instant::now();
        let senders = (0..64).map(|_| {
            let (bus, world, waiting) = (bus.clone(), world.clone(), waiting.clone());
            tokio::spawn(async move {
                for _ in 0..each {
                    waiting.run_one(&bus, &world).await;
                }
            })
        });
        for ended in join_all(senders).await {
            ended.unwrap();
        }
        rates.push(rate(64 * each, started.elapsed()));
        costs.push(before.per_operation(cluster, 64 * each));
    }
    listening.abort();
    let value = median(&mut rates);
    let cost = median(&mut costs);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: "bar 10000/s".to_owned(),
        ratio: value / 10_000.0,
        bar: ">= 10,000/s, <= 0.15 CPU ms",
        met: value >= 10_000.0 && cost.total <= 0.15,
        cpu_ms: Some(cost),
    });
}

pub(crate) async fn at_one(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "one run to its result, p50";
    if !report.wants(name) {
        return;
    }
    let world = create(bus, "run").await;
    let waiting = Waiting::default();
    let listening = waiting.listen(bus, &world).await;
    let count = report.count(1000);
    let before = Used::now(cluster);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        times.push(waiting.run_one(bus, &world).await);
    }
    listening.abort();
    let cost = before.per_operation(cluster, count);
    let p50 = milliseconds(percentile(&mut times, 0.5));
    report.add(Row {
        name,
        value: format!("{p50:.2} ms"),
        control: "bar 3 ms".to_owned(),
        ratio: p50 / 3.0,
        bar: "<= 3 ms",
        met: p50 <= 3.0,
        cpu_ms: Some(cost),
    });
}
