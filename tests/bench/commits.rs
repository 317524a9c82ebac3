//! Commands of one world: how many, and how fast.

use std::time::{Duration, Instant};

use bus::Bus;
use contract::{
    Command, CommandId, CommandRequest, Entity, EntityKind, NewEvent, WorldId, WorldSpec,
};
use futures::future::join_all;
use serde_json::value::RawValue;
use system_tests::Cluster;
use testkit::Raw;

use crate::cpu::Used;
use crate::report::{Report, Row, median, milliseconds, percentile, rate};

const DEADLINE: Duration = Duration::from_secs(30);
const EVENT_BYTES: usize = 200;
const SENDERS: usize = 64;
const ROUNDS: usize = 5;

/// A world with a user and an agent.
pub(crate) async fn create(bus: &Bus, id: &str) -> WorldId {
    let world: WorldId = id.parse().unwrap();
    let entity = |id: &str, kind| Entity {
        agent: (kind == EntityKind::Agent).then(Default::default),
        ..Entity::new(id.parse().unwrap(), kind)
    };
    let entities = vec![
        entity("guest", EntityKind::User),
        entity("ada", EntityKind::Agent),
    ];
    let spec = WorldSpec {
        entities,
        ..WorldSpec::default()
    };
    send(bus, &world, Command::CreateWorld(spec)).await;
    world
}

pub(crate) async fn send(bus: &Bus, world: &WorldId, command: Command) {
    let sender = "world".parse().unwrap();
    let request = CommandRequest {
        id: CommandId::new(),
        sender,
        command,
        trace: None,
        run: None,
        principal: None,
    };
    bus.worlds()
        .command(world, request, DEADLINE)
        .await
        .unwrap();
}

pub(crate) fn events(count: usize) -> Command {
    let text = "x".repeat(EVENT_BYTES - 12);
    let data = RawValue::from_string(format!("{{\"text\":\"{text}\"}}")).unwrap();
    let draft = || NewEvent::new("bench.happened".parse().unwrap(), data.clone());
    Command::SendEvents {
        events: std::iter::repeat_with(draft).take(count).collect(),
        message: None,
    }
}

/// Commands from many senders, each of whom waits for the answer to one before the next.
pub(crate) async fn flood(
    bus: &Bus,
    world: &WorldId,
    commands: usize,
    events_each: usize,
) -> Duration {
    let started = Instant::now();
    let senders = (0..SENDERS).map(|_| {
        let (bus, world) = (bus.clone(), world.clone());
        tokio::spawn(async move {
            for _ in 0..commands / SENDERS {
                send(&bus, &world, events(events_each)).await;
            }
        })
    });
    for ended in join_all(senders).await {
        ended.unwrap();
    }
    started.elapsed()
}

pub(crate) async fn one_world(cluster: &Cluster, bus: &Bus, raw: &Raw, report: &mut Report) {
    let name = "events/s, 64 senders, one event a command";
    ONE_EACH.measure(name, cluster, bus, raw, report).await;
}

pub(crate) async fn one_world_archived(
    cluster: &Cluster,
    bus: &Bus,
    raw: &Raw,
    report: &mut Report,
) {
    let name = "the same, archived meanwhile";
    ONE_EACH.measure(name, cluster, bus, raw, report).await;
}

pub(crate) async fn big_commands(cluster: &Cluster, bus: &Bus, raw: &Raw, report: &mut Report) {
    let name = "events/s, 64 senders, 20 events a command";
    TWENTY_EACH.measure(name, cluster, bus, raw, report).await;
}

pub(crate) async fn big_commands_archived(
    cluster: &Cluster,
    bus: &Bus,
    raw: &Raw,
    report: &mut Report,
) {
    let name = "the same with 20, archived meanwhile";
    TWENTY_EACH.measure(name, cluster, bus, raw, report).await;
}

const ONE_EACH: Flood = Flood {
    events_each: 1,
    commands: 64_000,
    bar: ">= 0.6x",
    at_least: 0.6,
};

const TWENTY_EACH: Flood = Flood {
    events_each: 20,
    commands: 12_800,
    bar: ">= 3x",
    at_least: 3.0,
};

struct Flood {
    events_each: usize,
    commands: usize,
    bar: &'static str,
    at_least: f64,
}

impl Flood {
    async fn measure(
        &self,
        name: &'static str,
        cluster: &Cluster,
        bus: &Bus,
        raw: &Raw,
        report: &mut Report,
    ) {
        if !report.wants(name) {
            return;
        }
        let commands = report.count(self.commands);
        let world = create(bus, &format!("flood-{}", CommandId::new())).await;
        flood(bus, &world, commands / 10, self.events_each).await;
        let (mut ours, mut controls, mut ratios, mut costs) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            let count = commands * self.events_each;
            let control = rate(
                count / 2,
                raw.publish(count / 2, SENDERS, EVENT_BYTES).await,
            );
            let before = Used::now(cluster);
            let took = flood(bus, &world, commands, self.events_each).await;
            costs.push(before.per_operation(cluster, count));
            ours.push(rate(count, took));
            controls.push(control);
            ratios.push(rate(count, took) / control);
        }
        let ratio = median(&mut ratios);
        report.add(Row {
            name,
            value: format!("{:.0}/s", median(&mut ours)),
            control: format!("raw publish {:.0}/s", median(&mut controls)),
            ratio,
            bar: self.bar,
            met: ratio >= self.at_least,
            cpu_ms: Some(median(&mut costs)),
        });
    }
}

pub(crate) async fn one_command(cluster: &Cluster, bus: &Bus, raw: &Raw, report: &mut Report) {
    let name = "one command to its durable answer, p50";
    if !report.wants(name) {
        return;
    }
    let world = create(bus, "latency").await;
    let count = report.count(2000);
    let (mut ours, mut controls, mut ratios, mut costs) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let request = percentile(&mut raw.request(count, EVENT_BYTES).await, 0.5);
        let store = percentile(&mut raw.store(count, EVENT_BYTES).await, 0.5);
        let before = Used::now(cluster);
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let started = Instant::now();
            send(bus, &world, events(1)).await;
            times.push(started.elapsed());
        }
        costs.push(before.per_operation(cluster, count));
        let p50 = percentile(&mut times, 0.5);
        ours.push(p50);
        controls.push(request + store);
        ratios.push(p50.as_secs_f64() / (request + store).as_secs_f64());
    }
    let ratio = median(&mut ratios);
    report.add(Row {
        name,
        value: format!("{:.3} ms", milliseconds(median(&mut ours))),
        control: format!(
            "request+store {:.3} ms",
            milliseconds(median(&mut controls))
        ),
        ratio,
        bar: "<= 2x",
        met: ratio <= 2.0,
        cpu_ms: Some(median(&mut costs)),
    });
}
