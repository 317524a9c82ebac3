//! What the rules cost by themselves: one command in worlds of different sizes, the replay of logs, behaviours.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't be made can only stop"
)]

use std::hint::black_box;

use contract::interaction::NewInteraction;
use contract::{
    Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, Event, Seq, Timestamp,
    WorldSpec,
};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use manyworlds_rules::{World, replay, step};
use serde_json::{Value, json};
use uuid::Uuid;

/// Messages of the log that is replayed.
const MESSAGES: u32 = 10_000;
/// As many entities fit in one command.
const PART: usize = 100;

/// A world, and the log that it came from.
struct Driven {
    world: World,
    log: Vec<Commit>,
    at: Timestamp,
}

impl Driven {
    fn new(spec: Value) -> Self {
        let mut driven = Self {
            world: World::new("bench".parse().unwrap()),
            log: Vec::new(),
            at: Timestamp::from_unix_ms(1_700_000_000_000),
        };
        let mut spec: WorldSpec = serde_json::from_value(spec).unwrap();
        let entities = std::mem::take(&mut spec.entities);
        let mut parts = entities.chunks(PART);
        spec.entities = parts.next().unwrap_or_default().to_vec();
        driven.send("world", Command::CreateWorld(spec));
        for part in parts {
            let spec = WorldSpec {
                entities: part.to_vec(),
                ..WorldSpec::default()
            };
            driven.send("world", Command::ApplyWorld(spec));
        }
        driven
    }

    /// The next command.
    fn request(&self, sender: &str, command: Command) -> CommandRequest {
        let number = self.log.len() as u128 + 1;
        CommandRequest {
            id: CommandId(Uuid::from_u128(number << 32)),
            sender: sender.parse().unwrap(),
            command,
            trace: None,
            run: None,
            principal: None,
        }
    }

    /// Decides a command, and stores its commit.
    fn send(&mut self, sender: &str, command: Command) {
        let request = self.request(sender, command);
        let events = step(&mut self.world, &request, self.at).unwrap();
        let commit = self.commit(&request, events);
        self.log.push(commit);
        let commit = &self.log[self.log.len() - 1];
        self.world.seal(commit);
        self.world.mark_durable(self.log.len() as Seq, commit);
    }

    fn commit(&self, request: &CommandRequest, events: Vec<Event>) -> Commit {
        let mark = CommandMark {
            id: request.id,
            events: u32::try_from(events.len()).unwrap(),
        };
        Commit {
            id: CommitId(Uuid::from_u128(self.log.len() as u128)),
            at: self.at,
            clock: None,
            rules: manyworlds_rules::VERSION,
            wake: None,
            commands: vec![mark],
            events,
        }
    }
}

fn agent(id: &str) -> Value {
    json!({"id": id, "kind": "agent", "agent": {"brain": {"script": {"default": "yes"}}}})
}

/// A world with so many people, and two agents in a chat.
fn crowd(people: u32) -> Driven {
    let person = |n| json!({"id": format!("person-{n}"), "kind": "user"});
    let mut entities = vec![agent("ada"), agent("bob")];
    entities.extend((0..people).map(person));
    let chat = json!({"id": "main", "agents": ["ada", "bob"]});
    Driven::new(json!({"entities": entities, "chats": [chat]}))
}

fn message(text: &str) -> Command {
    Command::PostMessage {
        chat: "main".parse().unwrap(),
        text: text.to_owned(),
        in_reply_to: None,
    }
}

/// Measures one step from the state of `driven`.
fn measure_step(driven: &Driven, request: &CommandRequest, bencher: &mut criterion::Bencher<'_>) {
    bencher.iter_batched_ref(
        || driven.world.clone(),
        |world| step(world, black_box(request), driven.at).unwrap(),
        BatchSize::PerIteration,
    );
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step: post a message");
    for people in [10, 1_000, 10_000] {
        let driven = crowd(people);
        let request = driven.request("person-0", message("@ada What time is it?"));
        let id = BenchmarkId::new("entities", people);
        group.bench_with_input(id, &driven, |bencher, driven| {
            measure_step(driven, &request, bencher);
        });
    }
    group.finish();
}

fn replays(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay, events");
    let mut measure = |name: &str, log: &[Commit]| {
        let events: usize = log.iter().map(|commit| commit.events.len()).sum();
        group.throughput(Throughput::Elements(events as u64));
        group.sample_size(20);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut world = World::new("bench".parse().unwrap());
                for (seq, commit) in (1..).zip(log) {
                    replay(&mut world, seq, black_box(commit)).unwrap();
                }
                world
            });
        });
    };
    let mut driven = crowd(10);
    for n in 0..MESSAGES {
        // Nobody has this name, so that no agent is busy.
        driven.send("person-0", message(&format!("@nobody message {n}")));
    }
    measure("messages", &driven.log);
    let recorded = include_str!("../tests/fixtures/world-6/commits.jsonl");
    let recorded: Vec<Commit> = recorded
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    measure("a recorded school with behaviours", &recorded);
    group.finish();
}

fn behaviours(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("behaviours");
    let behaviour = json!({
        "initial": "ready",
        "states": {"ready": {"transitions": [{"action": "process", "ready": false, "to": "ready"}]}},
    });
    for machines in [10, 1_000] {
        let machine = |n| {
            let id = format!("machine-{n}");
            json!({"id": id, "kind": "agent", "agent": {"processor": {"echo": {}}}, "behaviour": behaviour})
        };
        let mut entities: Vec<Value> = (0..machines).map(machine).collect();
        entities.push(json!({"id": "guest", "kind": "user"}));
        let driven = Driven::new(json!({"entities": entities}));
        let target = json!({"action": "process", "targets": ["machine-0"]});
        let new: NewInteraction = serde_json::from_value(target).unwrap();
        let request = driven.request("guest", Command::RequestInteraction(new));
        let id = BenchmarkId::new("a request to one of so many machines", machines);
        group.bench_with_input(id, &driven, |bencher, driven| {
            measure_step(driven, &request, bencher);
        });
    }
    group.finish();
}

criterion_group!(benches, steps, replays, behaviours);
criterion_main!(benches);
