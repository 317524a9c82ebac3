//! How many events of a session the rules take through a graph, beside the SDK of Atoms.

use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant};

use contract::flow::NewFlowEvent;
use contract::{
    Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, EventId, Timestamp,
};
use rules::{World, step};

use super::sessions::{chain, flow_id, note, world_spec};
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
    fn take(&mut self, request: &[u8]) -> EventId {
        let request: CommandRequest = serde_json::from_slice(request).unwrap();
        let id = request.id;
        let now = Timestamp::now();
        let events = step(&mut self.world, &request, now).unwrap();
        let commit = Commit {
            clock: None,
            rules: rules::VERSION,
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

/// A command as it comes from the wire.
fn encode(command: Command) -> Vec<u8> {
    let request = CommandRequest {
        id: CommandId::new(),
        sender: "world".parse().unwrap(),
        command,
        trace: None,
        run: None,
        principal: None,
    };
    serde_json::to_vec(&request).unwrap()
}

/// The events of a session through a chain of three nodes: decoded, decided, applied and encoded on one core.
pub(crate) fn of_a_chain(report: &mut Report) {
    let name = "events/s of a session, rules and encoding";
    if !report.wants(name) {
        return;
    }
    let mut rules = Rules {
        world: World::new("chain".parse().unwrap()),
        seq: 0,
        encoded_bytes: 0,
    };
    rules.take(&encode(Command::CreateWorld(world_spec(chain(
        "w", "task",
    )))));
    let start = Command::StartSession {
        flow: flow_id(),
        variables: std::collections::BTreeMap::new(),
        init: None,
    };
    let session = rules.take(&encode(start)).session();
    let data = note(EVENT_BYTES);
    let command = || {
        encode(Command::SendSessionEvents {
            session,
            events: (0..EVENTS)
                .map(|_| NewFlowEvent::new("myapp.note", data.clone()))
                .collect(),
        })
    };
    let commands = report.count(20_000);
    let prepared: Vec<Vec<u8>> = (0..commands).map(|_| command()).collect();
    let started = Instant::now();
    for request in &prepared {
        rules.take(request);
    }
    let took: Duration = started.elapsed();
    let count = commands * EVENTS;
    let value = rate(count, took);
    let control = of_atoms(report.count(100_000));
    let ratio = value / control;
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("SDK of Atoms {control:.0}/s"),
        ratio,
        bar: ">= 5x, >= 300,000/s on one core",
        met: ratio >= 5.0 && value >= 300_000.0,
        cpu_ms: Some(Cost::of_client(
            milliseconds(took) / f64::from(u32::try_from(count).unwrap()),
        )),
    });
}

/// How many events a second the SDK of Atoms takes through as many nodes.
fn of_atoms(count: usize) -> f64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let script = root.join("deploy/scripts/get-atoms-client.sh");
    let packages = printed(Program::new(script).arg("crew"));
    let script = root.join("tests/bench/flows/atoms_chain.py");
    let mut program = Program::new("python3");
    program.env("PYTHONPATH", packages).arg(script);
    printed(program.arg(count.to_string())).parse().unwrap()
}

fn printed(program: &mut Program) -> String {
    let output = program.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
