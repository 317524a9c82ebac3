//! Random machines and requests: what holds whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use contract::behaviour::Definition;
use contract::interaction::{InteractionEnded, InteractionRequested, NewInteraction, TargetStatus};
use contract::{Command, RunOutcome};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::super::Story;
use super::story;
use crate::{CustomActions, Machine, Transition};

const STATES: &[&str] = &["a", "b", "c"];
const ENTITIES: &[&str] = &["v", "w", "x"];
/// What is requested; no machine has `learn`.
const REQUESTED: &[&str] = &["process", "nop", "engage", "disconnected", "learn"];

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    Request {
        from: usize,
        to: usize,
        action: usize,
    },
    EndRun {
        place: usize,
        ok: bool,
    },
    Wait {
        milliseconds: u64,
    },
    Pause {
        entity: usize,
        pauses: bool,
    },
    Remove {
        entity: usize,
    },
}

fn actions() -> Vec<(&'static str, Value)> {
    vec![
        ("process", json!({})),
        ("nop", json!({})),
        ("engage", json!({})),
        ("disengage", json!({})),
        (
            "send",
            json!({"action_name": "process", "target": "w", "data_samples": [1], "timeout": 2}),
        ),
        (
            "send",
            json!({"action_name": "process", "target": "x", "data_samples": [1, 2],
                        "wait_completion": true, "timeout": 3}),
        ),
        (
            "send",
            json!({"action_name": "nop", "target": "v", "volatile": true}),
        ),
        ("all_sent_completed", json!({})),
        ("find_agents", json!({"role": "r", "engage": true})),
        ("send_engage", json!({})),
        ("disconnected", json!({})),
        ("connect_by_role", json!({"role": "r"})),
    ]
}

fn machine() -> impl Strategy<Value = Value> {
    // Runs take the longest way through a machine: they are to be frequent.
    let action = prop_oneof![1 => Just(0_usize), 4 => 0..12_usize];
    let transition = (
        action,
        0..3_usize,
        any::<bool>(),
        0..4_u32,
        any::<bool>(),
        prop::bool::weighted(0.15),
    );
    let transitions = prop::collection::vec(transition, 0..4);
    prop::collection::vec(transitions, 3).prop_map(|states| {
        let mut document = json!({"initial": "a", "states": {}});
        for (name, transitions) in STATES.iter().zip(states) {
            let mut listed = Vec::new();
            for (action, to, ready, delay, fails, is_urgent) in transitions {
                let (action, args) = actions()[action].clone();
                let ready = ready || action.starts_with("send");
                let mut transition = json!({"action": action, "args": args, "to": STATES[to],
                    "ready": ready, "delay_seconds": f64::from(delay) / 2.0,
                    "high_priority": is_urgent});
                if fails {
                    transition["on_failure"] = json!("a");
                }
                let is_same =
                    |other: &Value| other["action"] == action && other["to"] == STATES[to];
                if !listed.iter().any(is_same) {
                    listed.push(transition);
                }
            }
            document["states"][name] = json!({"transitions": listed});
        }
        // Every state can be reached.
        document["teleports"] = json!([
            {"from": "a", "action": "nop", "ready": false, "args": {"message": "b"}, "to": "b"},
            {"from": "b", "action": "nop", "ready": false, "args": {"message": "c"}, "to": "c"}]);
        document
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_usize, 0..3_usize, prop_oneof![Just(0), 0..REQUESTED.len()])
            .prop_map(|(from, to, action)| Step::Request { from, to, action }),
        3 => (0..3_usize, any::<bool>()).prop_map(|(place, ok)| Step::EndRun { place, ok }),
        2 => (1..2000_u64).prop_map(|milliseconds| Step::Wait { milliseconds }),
        1 => (0..3_usize, any::<bool>())
            .prop_map(|(entity, pauses)| Step::Pause { entity, pauses }),
        1 => (0..30_usize).prop_map(|entity| Step::Remove { entity }),
    ];
    prop::collection::vec(step, 1..40)
}

impl Story {
    fn takes(&mut self, step: &Step) {
        match step {
            Step::Request { from, to, action } => {
                let from = ["guest", "v", "w", "x"][*from];
                let action = REQUESTED[*action];
                let request = json!({"action": action, "targets": [ENTITIES[*to]]});
                let mut request: NewInteraction = serde_json::from_value(request).unwrap();
                request.deadline = Some(self.now + std::time::Duration::from_secs(5));
                let _ = self.send(from, Command::RequestInteraction(request));
            }
            Step::EndRun { place, ok } => {
                let open = self.open();
                let Some(run) = open.get(*place % open.len().max(1)).copied() else {
                    return;
                };
                if *ok {
                    self.completes(run, &json!(null), &[json!(1)]);
                } else {
                    let outcome = RunOutcome::Failed {
                        code: "bad".into(),
                        reason: "bad".into(),
                    };
                    let _ = self.send("world", Command::Complete { run, outcome });
                }
            }
            Step::Wait { milliseconds } => {
                self.wakes_after(f64::from(u32::try_from(*milliseconds).unwrap()) / 1000.0);
            }
            Step::Pause { entity, pauses } => {
                let entity = ENTITIES[*entity].parse().unwrap();
                let command = if *pauses {
                    Command::PauseBehaviour { entity }
                } else {
                    Command::ResumeBehaviour {
                        entity,
                        once: false,
                    }
                };
                let _ = self.send("world", command);
            }
            Step::Remove { entity } => {
                if let Some(entity) = ENTITIES.get(*entity) {
                    let entity = entity.parse().unwrap();
                    let _ = self.send("world", Command::RemoveEntity { entity });
                }
            }
        }
    }

    /// How often each request ended, by target; all that were made have an entry.
    fn ends_by_target(&self) -> BTreeMap<(String, String), u32> {
        let mut ends = BTreeMap::new();
        for event in self.log.iter().flat_map(|commit| &commit.events) {
            match event.event_type.as_str() {
                "interaction.requested" => {
                    let requested: InteractionRequested =
                        serde_json::from_str(event.data.get()).unwrap();
                    for target in requested.targets {
                        ends.insert((event.id.interaction().to_string(), target.to_string()), 0);
                    }
                }
                "interaction.ended" => {
                    let ended: InteractionEnded = serde_json::from_str(event.data.get()).unwrap();
                    let key = (ended.interaction.to_string(), ended.target.to_string());
                    *ends.get_mut(&key).unwrap() += 1;
                }
                _ => {}
            }
        }
        ends
    }

    /// Every transition is one of the state that the machine was in; what was accepted, or done at once, is
    /// the action of one of its transitions.
    fn checks_states(&self, machines: &BTreeMap<&str, Machine>) {
        let mut states: BTreeMap<String, String> = BTreeMap::new();
        let mut actions: BTreeMap<String, String> = BTreeMap::new();
        let mut accepted: BTreeSet<(String, String)> = BTreeSet::new();
        for event in self.log.iter().flat_map(|commit| &commit.events) {
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
            match event.event_type.as_str() {
                "behaviour.set" => {
                    states.insert(text("entity"), "a".into());
                }
                "behaviour.transitioned" => {
                    let entity = text("entity");
                    assert_eq!(states[&entity], text("from"));
                    let machine = &machines[entity.as_str()];
                    let made = transition(machine, &text("from"), &data["transition"]);
                    let failed = data["failed"] == true;
                    let to = made.on_failure.filter(|_| failed).unwrap_or(made.to);
                    assert_eq!(machine.state(to).name, text("to"));
                    assert_eq!(made.action.name, text("action"));
                    states.insert(entity, text("to"));
                }
                "interaction.requested" => {
                    actions.insert(event.id.interaction().to_string(), text("action"));
                }
                "interaction.accepted" => {
                    let target = text("target");
                    let machine = &machines[target.as_str()];
                    let made = transition(machine, &states[&target], &data["transition"]);
                    assert_eq!(made.action.name, actions[&text("interaction")]);
                    accepted.insert((text("interaction"), target));
                }
                "interaction.ended" if text("status") == "completed" => {
                    let target = text("target");
                    if accepted.contains(&(text("interaction"), target.clone())) {
                        continue;
                    }
                    let machine = &machines[target.as_str()];
                    let state = machine.state(machine.find(&states[&target]).unwrap());
                    let action = &actions[&text("interaction")];
                    let mut transitions = state.transitions.iter();
                    assert!(
                        transitions.any(|transition| transition.action.name == *action
                            && machine.state(transition.to).name == text("state")),
                        "{action} was done in {} of {target}",
                        state.name
                    );
                }
                _ => {}
            }
        }
    }

    /// Nothing goes on by itself without end: all that is due now is done in so many commits.
    fn comes_to_rest(&mut self) {
        for _ in 0..60 {
            if self.world.next_due().is_none_or(|due| due > self.now) {
                return;
            }
            let done = self.send("world", Command::FireDue).unwrap();
            assert!(done.len() < 1000);
        }
        let last = self.log.iter().rev().take(4);
        let last: Vec<Vec<String>> = last
            .map(|commit| {
                let events = commit.events.iter().take(12);
                let texts = events
                    .map(|event| format!("{} {} {}", event.event_type, event.sender, event.data));
                texts.collect()
            })
            .collect();
        panic!("something is due now for ever: {last:#?}");
    }

    /// A machine that is free has begun each request that its state accepts, unless that was tried and was
    /// false.
    fn checks_that_no_request_starves(&self, machines: &BTreeMap<&str, Machine>) {
        for (entity, machine) in machines {
            let entity = entity.parse().unwrap();
            let Some(progress) = self.world.behaviours.get(&entity) else {
                continue;
            };
            if progress.busy.is_some() || progress.pause.is_some() {
                continue;
            }
            let state = machine.state(machine.find(&progress.state).unwrap());
            for (_, open, target) in self.world.interactions.of_target(&entity) {
                if target.status != TargetStatus::Waiting || target.attempts > 0 {
                    continue;
                }
                let action = open.request.action.as_ref().unwrap().as_str();
                let accepts = |transition: &&Transition| {
                    let is_delayed = self.now < progress.since + transition.delay;
                    transition.action.name == action && !is_delayed
                };
                let transition = state.transitions.iter().find(accepts);
                assert!(
                    transition.is_none(),
                    "{entity} does not do {action} in {}",
                    state.name
                );
            }
        }
    }
}

/// The transition at a place of a state.
fn transition<'a>(machine: &'a Machine, state: &str, place: &Value) -> &'a Transition {
    let state = machine.state(machine.find(state).unwrap());
    &state.transitions[usize::try_from(place.as_u64().unwrap()).unwrap()]
}

/// A random world that has taken its steps, and has come to its end.
fn plays(machines: &[Value], steps: &[Step]) -> Story {
    let agents: Vec<(&str, &str, Value)> = ENTITIES
        .iter()
        .zip(machines)
        .map(|(id, machine)| (*id, "r", machine.clone()))
        .collect();
    let compiled = machines.iter().map(|machine| {
        let definition = Definition::from_json(&machine.to_string()).unwrap();
        Machine::compile(&definition, &CustomActions::default())
            .unwrap()
            .0
    });
    let machines = ENTITIES.iter().copied().zip(compiled).collect();
    let mut story = story(&agents);
    for step in steps {
        story.keeps_contexts(|story| story.takes(step));
        assert!(story.log.last().unwrap().events.len() < 1000);
        story.comes_to_rest();
        story.checks_that_no_request_starves(&machines);
    }
    story.replays();
    // Everything ends by its deadline, once no machine makes new requests.
    for entity in ENTITIES {
        let entity = entity.parse().unwrap();
        let _ = story.send("world", Command::PauseBehaviour { entity });
    }
    for _ in 0..4 {
        story.wakes_after(400.0);
    }
    story.comes_to_rest();
    let ends = story.ends_by_target();
    assert!(ends.values().all(|count| *count == 1), "{ends:?}");
    story.checks_states(&machines);
    story.replays();
    story
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// An action runs only in a state that accepts it, every request ends exactly once, none starves, no
    /// machine spins, and the log makes the same machines.
    #[test]
    fn every_request_ends_once_and_no_machine_spins(
        machines in prop::collection::vec(machine(), 3),
        steps in steps(),
    ) {
        plays(&machines, &steps);
    }
}

/// What the properties are about happens in the random worlds.
#[test]
fn the_random_worlds_are_eventful() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..200 {
        let machines = prop::collection::vec(machine(), 3);
        let machines = machines.new_tree(&mut runner).unwrap().current();
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let story = plays(&machines, &steps);
        for event in story.log.iter().flat_map(|commit| &commit.events) {
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            let how = data["status"].as_str().or(data["reason"].as_str());
            let name = event.event_type.to_string();
            if let Some(how) = how {
                let first = how.split(' ').next().unwrap_or_default();
                *seen.entry(format!("{name} {first}")).or_default() += 1;
            }
            *seen.entry(name).or_default() += 1;
        }
    }
    for name in [
        "behaviour.transitioned",
        "behaviour.waiting",
        "behaviour.paused 256",
        "interaction.accepted",
        "interaction.returned",
        "interaction.ended completed",
        "interaction.ended failed",
        "interaction.ended rejected",
        "interaction.ended timed_out",
        "interaction.ended cancelled",
    ] {
        assert!(
            seen.get(name).is_some_and(|count| *count >= 2),
            "{name}: {seen:?}"
        );
    }
}
