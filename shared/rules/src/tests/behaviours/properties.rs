//! Random machines and requests: what holds whatever happens.

use std::collections::BTreeMap;

use contract::behaviour::Definition;
use contract::interaction::{InteractionEnded, InteractionRequested, NewInteraction};
use contract::{Command, RunOutcome};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Story;
use super::story;
use crate::{CustomActions, Machine};

const STATES: &[&str] = &["a", "b", "c"];
const ENTITIES: &[&str] = &["v", "w", "x"];

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
    let transition = (
        0..12_usize,
        0..3_usize,
        any::<bool>(),
        0..4_u32,
        any::<bool>(),
    );
    let transitions = prop::collection::vec(transition, 0..4);
    prop::collection::vec(transitions, 3).prop_map(|states| {
        let mut document = json!({"initial": "a", "states": {}});
        for (name, transitions) in STATES.iter().zip(states) {
            let mut listed = Vec::new();
            for (action, to, ready, delay, fails) in transitions {
                let (action, args) = actions()[action].clone();
                let ready = ready || action.starts_with("send");
                let mut transition = json!({"action": action, "args": args, "to": STATES[to],
                    "ready": ready, "delay_seconds": f64::from(delay) / 2.0});
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
        4 => (0..4_usize, 0..3_usize, 0..4_usize)
            .prop_map(|(from, to, action)| Step::Request { from, to, action }),
        4 => (0..3_usize, any::<bool>()).prop_map(|(place, ok)| Step::EndRun { place, ok }),
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
                let action = ["process", "nop", "engage", "learn"][*action];
                let request = json!({"action": action, "targets": [ENTITIES[*to]]});
                let mut request: NewInteraction = serde_json::from_value(request).unwrap();
                request.deadline = Some(self.now + std::time::Duration::from_secs(5));
                let _ = self.send(from, Command::RequestInteraction(request));
            }
            Step::EndRun { place, ok } => {
                let open = self.open();
                let Some(run) = open.get(*place).copied() else {
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

    /// Every request that a machine accepted, it accepted in a state with a transition for its action.
    fn checks_acceptances(&self, machines: &BTreeMap<&str, Machine>) {
        let mut states: BTreeMap<String, String> = BTreeMap::new();
        let mut actions: BTreeMap<String, String> = BTreeMap::new();
        for event in self.log.iter().flat_map(|commit| &commit.events) {
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
            match event.event_type.as_str() {
                "behaviour.set" => {
                    states.insert(text("entity"), "a".into());
                }
                "behaviour.transitioned" => {
                    assert_eq!(states[&text("entity")], text("from"));
                    states.insert(text("entity"), text("to"));
                }
                "interaction.requested" => {
                    actions.insert(event.id.interaction().to_string(), text("action"));
                }
                "interaction.accepted" => {
                    let target = text("target");
                    let machine = &machines[target.as_str()];
                    let state = machine.state(machine.find(&states[&target]).unwrap());
                    let place = usize::try_from(data["transition"].as_u64().unwrap()).unwrap();
                    let transition = &state.transitions[place];
                    assert_eq!(transition.action.name, actions[&text("interaction")]);
                }
                _ => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_request_ends_once_and_no_machine_spins(
        machines in prop::collection::vec(machine(), 3),
        steps in steps(),
    ) {
        let agents: Vec<(&str, &str, Value)> = ENTITIES
            .iter()
            .zip(&machines)
            .map(|(id, machine)| (*id, "r", machine.clone()))
            .collect();
        let mut story = story(&agents);
        for step in &steps {
            story.keeps_contexts(|story| story.takes(step));
            prop_assert!(story.log.last().unwrap().events.len() < 1000);
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
        let ends = story.ends_by_target();
        prop_assert!(ends.values().all(|count| *count == 1), "{ends:?}");
        prop_assert!(story.world.next_due().is_none_or(|due| due > story.now));
        let compiled = machines.iter().map(|machine| {
            let definition = Definition::from_json(&machine.to_string()).unwrap();
            Machine::compile(&definition, &CustomActions::default()).unwrap().0
        });
        let machines = ENTITIES.iter().copied().zip(compiled).collect();
        story.checks_acceptances(&machines);
        story.replays();
    }
}
