//! Flows: how many events of a session the rules take through a graph.

use std::time::{Duration, Instant};

use contract::flow::{FlowSpec, NewFlowEvent};
use contract::{
    Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, Timestamp, WorldSpec,
};
use rules::{World, step};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::cpu::Cost;
use crate::report::{Report, Row, milliseconds, rate};

/// Events of each command.
const EVENTS: usize = 20;
const EVENT_BYTES: usize = 200;

/// A world in memory, and what its log would be.
struct Rules {
    world: World,
    seq: u64,
    encoded_bytes: usize,
}

impl Rules {
    fn take(&mut self, command: Command) -> contract::EventId {
        let id = CommandId::new();
        let request = CommandRequest {
            id,
            sender: "world".parse().unwrap(),
            command,
            trace: None,
        };
        let now = Timestamp::now();
        let events = step(&mut self.world, &request, now).unwrap();
        let commit = Commit {
            id: CommitId::new(),
            at: now,
            wake: self.world.wake_wanted(now),
            commands: vec![CommandMark {
                id,
                events: u32::try_from(events.len()).unwrap(),
            }],
            events,
        };
        self.encoded_bytes += serde_json::to_vec(&commit).unwrap().len();
        self.seq += 1;
        self.world.seal(&commit);
        self.world.mark_durable(self.seq, &commit);
        id.event(0)
    }
}

/// The events of a session through a chain of three nodes, decided, applied and encoded on one core.
pub(crate) fn rules_of_a_chain(report: &mut Report) {
    let name = "events/s of a session, rules and encoding";
    if !report.wants(name) {
        return;
    }
    let mut rules = Rules {
        world: World::new("chain".parse().unwrap()),
        seq: 0,
        encoded_bytes: 0,
    };
    let node = |id: &str| json!({"id": id, "worker": "w", "handles": ["task", "myapp.order.*"]});
    let flow: FlowSpec = serde_json::from_value(json!({
        "nodes": [node("a"), node("b"), node("c")], "edges": [["a", "b"], ["b", "c"]],
    }))
    .unwrap();
    let id: contract::FlowId = "chain".parse().unwrap();
    rules.take(Command::CreateWorld(WorldSpec {
        flows: [(id.clone(), flow)].into(),
        ..WorldSpec::default()
    }));
    let start = Command::StartSession {
        flow: id,
        variables: std::collections::BTreeMap::new(),
        init: None,
    };
    let session = rules.take(start).session();
    let data = to_raw_value(&json!({"text": "x".repeat(EVENT_BYTES - 12)})).unwrap();
    let command = || Command::SendSessionEvents {
        session,
        events: (0..EVENTS)
            .map(|_| NewFlowEvent::new("myapp.note", data.clone()))
            .collect(),
    };
    let commands = report.count(20_000);
    let prepared: Vec<Command> = (0..commands).map(|_| command()).collect();
    let started = Instant::now();
    for command in prepared {
        rules.take(command);
    }
    let took: Duration = started.elapsed();
    let count = commands * EVENTS;
    let value = rate(count, took);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("bar 300000/s, {} B each", rules.encoded_bytes / count),
        ratio: value / 300_000.0,
        bar: ">= 300,000/s on one core",
        met: value >= 300_000.0,
        cpu_ms: Some(Cost::of_client(
            milliseconds(took) / f64::from(u32::try_from(count).unwrap()),
        )),
    });
}
