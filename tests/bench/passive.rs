//! Passive worlds: what they cost, how fast they are activated, and how fast a log is replayed.

use std::time::{Duration, Instant};

use bus::Bus;
use contract::{Seq, WorldId};
use futures::StreamExt;
use rules::{World, replay as apply};
use system_tests::Cluster;
use testkit::eventually;

use crate::commits::{create, events, flood, send};
use crate::cpu::{self, Cost};
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
        let entries = bus.log().read(&id, after).await.unwrap();
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
        cpu_ms: Some(Cost::of_client(
            milliseconds(took) / f64::from(u32::try_from(count).unwrap()),
        )),
    });
}

pub(crate) async fn passive_worlds(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "activating one of many worlds, p99";
    if !report.wants(name) {
        return;
    }
    let half = report.count(50_000);
    let mut worlds = create_passive(cluster, bus, 0..half).await;
    // What the first half has cost is what the process needs for those that are awake at the same
    // time. A passive world costs what the second half adds.
    let before = cpu::memory_kb(cluster, "world");
    worlds.extend(create_passive(cluster, bus, half..2 * half).await);
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
        value: format!("{p99:.2} ms of {}", worlds.len()),
        control: "bar 20 ms".to_owned(),
        ratio: p99 / 20.0,
        bar: "<= 20 ms",
        met: p99 <= 20.0,
        cpu_ms: None,
    });
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of one process")]
    let each = grown as f64 * 1024.0 / half as f64;
    report.add(Row {
        name: "memory of a passive world",
        value: format!("{each:.0} B"),
        control: format!("{half} more: {grown} kB"),
        ratio: each.max(0.0) / PASSIVE_BYTES_MAX,
        bar: "0 B, give or take what the allocator does",
        met: each <= PASSIVE_BYTES_MAX,
        cpu_ms: None,
    });
}

/// Less than any state could have: a world that leaves this much behind leaves nothing.
const PASSIVE_BYTES_MAX: f64 = 32.0;

async fn create_passive(
    cluster: &Cluster,
    bus: &Bus,
    numbers: std::ops::Range<usize>,
) -> Vec<WorldId> {
    let worlds = futures::stream::iter(numbers)
        .map(|n| async move { create(bus, &format!("sleeper-{n}")).await })
        .buffered(64)
        .collect()
        .await;
    eventually("every world is passive", async || {
        cluster
            .metric("world", "manyworlds_world_worlds_awake")
            .await
            == Some(0.0)
    })
    .await;
    worlds
}
