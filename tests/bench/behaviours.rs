//! Requests to machines, each beside a run of an entity without one.

mod requests;
mod worlds;

use std::time::Instant;

use bus::Bus;
use futures::future::join_all;
use serde_json::json;
use system_tests::Cluster;

use self::requests::Requests;
use self::worlds::{create, one_target};
use crate::commits;
use crate::cpu::Used;
use crate::report::{Report, Row, median, milliseconds, percentile, rate};
use crate::runs::Waiting;

const ROUNDS: usize = 3;

/// 64 machines that each do one request after the other, beside runs of one entity without a machine.
pub(crate) async fn at_64(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "requests/s to machines, 64 targets in flight";
    if !report.wants(name) {
        return;
    }
    let targets: Vec<String> = (0..64).map(|number| format!("w{number}")).collect();
    let world = create(bus, "machines", &targets).await;
    let plain = commits::create(bus, "machines-control").await;
    let each = report.count(100);
    let requests = Requests::listen(bus, &world).await;
    let waiting = Waiting::default();
    let listening = waiting.listen(bus, &plain).await;
    let (mut ours, mut controls, mut costs) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let runs = (0..64).map(|_| {
            let (bus, plain, waiting) = (bus.clone(), plain.clone(), waiting.clone());
            tokio::spawn(async move {
                for _ in 0..each {
                    waiting.run_one(&bus, &plain).await;
                }
            })
        });
        join_all(runs).await;
        controls.push(rate(64 * each, started.elapsed()));
        let before = Used::now(cluster);
        let started = Instant::now();
        let sent = targets.iter().map(|target| {
            let (requests, target) = (requests.clone(), target.clone());
            tokio::spawn(async move {
                for _ in 0..each {
                    requests.request(&target, json!(["x"])).await;
                }
            })
        });
        join_all(sent).await;
        ours.push(rate(64 * each, started.elapsed()));
        costs.push(before.per_operation(cluster, 64 * each));
    }
    listening.abort();
    let (value, control) = (median(&mut ours), median(&mut controls));
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("{control:.0} runs/s"),
        ratio: value / control,
        bar: ">= 0.6",
        met: value / control >= 0.6,
        cpu_ms: Some(median(&mut costs)),
    });
}

/// One request after the other, beside one run after the other.
pub(crate) async fn at_one(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "one request to a machine, p50";
    if !report.wants(name) {
        return;
    }
    let world = one_target(bus, "machine").await;
    let plain = commits::create(bus, "machine-control").await;
    let requests = Requests::listen(bus, &world).await;
    let waiting = Waiting::default();
    let listening = waiting.listen(bus, &plain).await;
    let count = report.count(500);
    let (mut ours, mut controls) = (Vec::new(), Vec::new());
    let before = Used::now(cluster);
    for _ in 0..count {
        let started = Instant::now();
        requests.request("w0", json!(["x"])).await;
        ours.push(started.elapsed());
    }
    let cost = before.per_operation(cluster, count);
    for _ in 0..count {
        controls.push(waiting.run_one(bus, &plain).await);
    }
    listening.abort();
    let value = milliseconds(percentile(&mut ours, 0.5));
    let control = milliseconds(percentile(&mut controls, 0.5));
    report.add(Row {
        name,
        value: format!("{value:.2} ms"),
        control: format!("{control:.2} ms for a run"),
        ratio: value / control,
        bar: "<= 1.6",
        met: value / control <= 1.6,
        cpu_ms: Some(cost),
    });
}

/// One machine that serves one request at a time, from 64 requesters; `samples` in each request.
async fn one_machine(
    cluster: &Cluster,
    bus: &Bus,
    report: &mut Report,
    (name, world, samples, bar): (&'static str, &str, usize, &'static str),
    at_least: f64,
) {
    if !report.wants(name) {
        return;
    }
    let world = one_target(bus, world).await;
    let requests = Requests::listen(bus, &world).await;
    let each = report.count(30);
    let (mut ours, mut costs) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let before = Used::now(cluster);
        let started = Instant::now();
        let sent = (0..64).map(|_| {
            let requests = requests.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    requests.request("w0", json!(vec!["x"; samples])).await;
                }
            })
        });
        join_all(sent).await;
        ours.push(rate(64 * each * samples, started.elapsed()));
        costs.push(before.per_operation(cluster, 64 * each * samples));
    }
    let value = median(&mut ours);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("bar {at_least:.0}/s"),
        ratio: value / at_least,
        bar,
        met: value >= at_least,
        cpu_ms: Some(median(&mut costs)),
    });
}

pub(crate) async fn one_blocking(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let row = ("requests/s to one machine", "blocking", 1, ">= 600/s");
    one_machine(cluster, bus, report, row, 600.0).await;
    let row = (
        "steps/s of one machine, 32 a request",
        "batches",
        32,
        ">= 3,000/s",
    );
    one_machine(cluster, bus, report, row, 3000.0).await;
}

/// Requests that wait for a machine which is elsewhere, and are served then.
pub(crate) async fn queued(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "requests/s out of a queue of 10,000";
    if !report.wants(name) {
        return;
    }
    let world = worlds::elsewhere(bus, "queue").await;
    let requests = Requests::listen(bus, &world).await;
    let count = report.count(10_000);
    let sent = (0..64).map(|_| {
        let requests = requests.clone();
        tokio::spawn(async move {
            let mut ends = Vec::new();
            for _ in 0..count / 64 {
                ends.push(requests.begin("w0", "process", json!(["x"])).await);
            }
            ends
        })
    });
    let ends = join_all(sent).await;
    let ends: Vec<_> = ends.into_iter().flat_map(Result::unwrap).collect();
    let before = Used::now(cluster);
    let started = Instant::now();
    requests.begin("w0", "nop", json!(null)).await;
    let ended = ends.len();
    for end in ends {
        requests::ended(end).await;
    }
    let value = rate(ended, started.elapsed());
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("{ended} served, none lost"),
        ratio: 1.0,
        bar: "none lost",
        met: true,
        cpu_ms: Some(before.per_operation(cluster, ended)),
    });
}

/// One request beside many machines that do nothing, and beside none.
pub(crate) async fn idle_machines(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "one request beside 10,000 idle machines, p50";
    if !report.wants(name) {
        return;
    }
    let idle: Vec<String> = (0..report.count(10_000))
        .map(|number| format!("w{number}"))
        .collect();
    let crowd = create(bus, "crowd-of-machines", &idle).await;
    let pair = create(bus, "pair-of-machines", &idle[..2.min(idle.len())]).await;
    let count = report.count(500);
    let mut times = Vec::new();
    let before = Used::now(cluster);
    for world in [&crowd, &pair] {
        let requests = Requests::listen(bus, world).await;
        let mut measured = Vec::new();
        for _ in 0..count {
            let started = Instant::now();
            requests.request("w0", json!(["x"])).await;
            measured.push(started.elapsed());
        }
        times.push(milliseconds(percentile(&mut measured, 0.5)));
    }
    let (value, control) = (times[0], times[1]);
    report.add(Row {
        name,
        value: format!("{value:.2} ms"),
        control: format!("{control:.2} ms beside one"),
        ratio: value / control,
        bar: "<= 1.2",
        met: value / control <= 1.2,
        cpu_ms: Some(before.per_operation(cluster, 2 * count)),
    });
}

/// Samples through a learner.
pub(crate) async fn one_learner(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "samples/s through one learner";
    if !report.wants(name) {
        return;
    }
    let world = worlds::learner(bus, "learner").await;
    let requests = Requests::listen(bus, &world).await;
    let rounds = report.count(10);
    let before = Used::now(cluster);
    let started = Instant::now();
    for _ in 0..rounds {
        requests.learn("w0", "guest:lesson", worlds::LESSON).await;
    }
    let samples = rounds * worlds::LESSON;
    let value = rate(samples, started.elapsed());
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: "bar 20,000/s".to_owned(),
        ratio: value / 20_000.0,
        bar: ">= 20,000/s",
        met: value >= 20_000.0,
        cpu_ms: Some(before.per_operation(cluster, samples)),
    });
}
