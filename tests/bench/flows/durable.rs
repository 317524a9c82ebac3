//! Events of sessions into the log.

use std::time::{Duration, Instant};

use bus::Bus;
use contract::flow::NewFlowEvent;
use contract::{CommandId, SessionId};
use futures::future::join_all;
use system_tests::Cluster;

use super::sessions::{Sessions, chain, note};
use crate::commits::{create, flood};
use crate::cpu::Used;
use crate::report::{Report, Row, median, rate};

const EVENTS: usize = 20;
const EVENT_BYTES: usize = 200;
const SENDERS: usize = 64;
const COMMANDS: usize = 12_800;
const ROUNDS: usize = 5;

/// Beside as many events that belong to no session, in commands of the same size.
pub(crate) async fn in_commands_of_20(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "events/s of sessions, 20 a command";
    measure(name, cluster, bus, report).await;
}

pub(crate) async fn in_commands_of_20_archived(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "events/s of sessions, archived meanwhile";
    measure(name, cluster, bus, report).await;
}

async fn measure(name: &'static str, cluster: &Cluster, bus: &Bus, report: &mut Report) {
    if !report.wants(name) {
        return;
    }
    let commands = report.count(COMMANDS).next_multiple_of(SENDERS);
    let plain = create(bus, &format!("plain-{}", CommandId::new())).await;
    let flow = chain("w", "task");
    let sessions = Sessions::create(bus, &format!("chain-{}", CommandId::new()), flow).await;
    let mut open = Vec::new();
    for _ in 0..SENDERS {
        open.push(sessions.begin().await);
    }
    let (mut ours, mut controls, mut ratios, mut costs) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let count = commands * EVENTS;
        let control = rate(count, flood(bus, &plain, commands, EVENTS).await);
        let before = Used::now(cluster);
        let took = send(&sessions, &open, commands).await;
        costs.push(before.per_operation(cluster, count));
        ours.push(rate(count, took));
        controls.push(control);
        ratios.push(rate(count, took) / control);
    }
    let ratio = median(&mut ratios);
    report.add(Row {
        name,
        value: format!("{:.0}/s", median(&mut ours)),
        control: format!("no session {:.0}/s", median(&mut controls)),
        ratio,
        bar: ">= 0.5x",
        met: ratio >= 0.5,
        cpu_ms: Some(median(&mut costs)),
    });
}

/// Each session sends one command after the other.
async fn send(sessions: &Sessions, open: &[SessionId], commands: usize) -> Duration {
    let started = Instant::now();
    let senders = open.iter().map(|session| {
        let (sessions, session) = (sessions.clone(), *session);
        tokio::spawn(async move {
            let data = note(EVENT_BYTES);
            for _ in 0..commands / SENDERS {
                let event = || NewFlowEvent::new("myapp.note", data.clone());
                let events = std::iter::repeat_with(event).take(EVENTS).collect();
                sessions.send_events(session, events).await;
            }
        })
    });
    for ended in join_all(senders).await {
        ended.unwrap();
    }
    started.elapsed()
}
