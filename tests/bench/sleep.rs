//! Worlds that sleep: what they cost, how fast they wake, and how fast a log is replayed.

use std::time::{Duration, Instant};

use bus::Bus;
use contract::{Seq, WorldId};
use futures::StreamExt;
use system_tests::Cluster;
use testkit::eventually;
use world::rules::{World, replay as apply};

use crate::commits::{create, events, flood, send};
use crate::cpu;
use crate::report::{Report, Row, milliseconds, percentile, rate};

pub(crate) async fn replay(_: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "replay, events/s";
    if !report.wants(name) {
        return;
    }
    let id = create(bus, "replayed").await;
    flood(bus, &id, report.count(12_800), 20).await;
    let mut log = Vec::new();
    let mut after: Seq = 0;
    loop {
        let entries = bus.read(&id, after).await.unwrap();
        let Some(last) = entries.last() else { break };
        after = last.seq;
        log.extend(entries);
    }
    let mut hashes = Vec::new();
    let (mut count, mut took) = (0, Duration::ZERO);
    for _ in 0..3 {
        let started = Instant::now();
        let mut world = World::new(id.clone());
        for entry in &log {
            let commit = entry.commit().unwrap();
            count += commit.events.len();
            apply(&mut world, entry.seq, &commit).unwrap();
        }
        took += started.elapsed();
        hashes.push(serde_json::to_string(&world).unwrap());
    }
    assert!(
        hashes.windows(2).all(|pair| pair[0] == pair[1]),
        "the same log gave two states"
    );
    let value = rate(count, took);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: "bar 200000/s".to_owned(),
        ratio: value / 200_000.0,
        bar: ">= 200,000/s, same state",
        met: value >= 200_000.0,
        cpu_ms: Some(milliseconds(took) / f64::from(u32::try_from(count).unwrap())),
    });
}

pub(crate) async fn wake(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "waking a world, p99";
    if !report.wants(name) {
        return;
    }
    let count = report.count(5000);
    let before = cpu::memory_kb(cluster, "world");
    let worlds: Vec<WorldId> = futures::stream::iter(0..count)
        .map(|n| async move { create(bus, &format!("sleeper-{n}")).await })
        .buffered(64)
        .collect()
        .await;
    eventually("every world sleeps", async || awake(cluster).await == 0).await;
    let grown = cpu::memory_kb(cluster, "world") - before;
    let mut times = Vec::new();
    for world in worlds.iter().step_by(worlds.len().div_ceil(500)) {
        let started = Instant::now();
        send(bus, world, events(1)).await;
        times.push(started.elapsed());
    }
    let p99 = milliseconds(percentile(&mut times, 0.99));
    report.add(Row {
        name,
        value: format!("{p99:.2} ms"),
        control: format!("{count} asleep: {grown} kB"),
        ratio: p99 / 20.0,
        bar: "<= 20 ms",
        met: p99 <= 20.0,
        cpu_ms: None,
    });
}

/// How many worlds the world services say are awake.
async fn awake(cluster: &Cluster) -> i64 {
    let text = cluster.metrics("world").await;
    text.lines()
        .filter(|line| line.starts_with("mw_world_worlds_awake"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .map(|value| format!("{value:.0}").parse().unwrap_or(-1))
        .next()
        .unwrap_or(-1)
}
