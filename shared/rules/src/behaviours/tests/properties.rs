//! What must hold for every document, good or bad.

use contract::behaviour::Definition;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::custom;
use crate::behaviours::{BUILT_IN_ACTIONS, Machine, dot, mermaid};

fn state() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "\"\\\n", "a.1"]).prop_map(str::to_owned)
}

fn action() -> impl Strategy<Value = String> {
    let mut names: Vec<&str> = BUILT_IN_ACTIONS.iter().map(|action| action.name).collect();
    names.extend(["anything", "move_arm", "nop", "nop", "process", "fly"]);
    prop::sample::select(names).prop_map(str::to_owned)
}

fn args() -> impl Strategy<Value = Value> {
    let names = vec![
        "role",
        "message",
        "streams",
        "num_steps",
        "delay",
        "timeout",
        "speed",
        "cmp",
    ];
    let values = vec![
        json!("<agent>"),
        json!("<w>"),
        json!("a \"b\" <playlist>"),
        json!(1),
        json!(-1),
        json!(["x", {"<w>": "<w>"}]),
        json!({"stdin": "<w>"}),
        json!(null),
    ];
    let entry = (prop::sample::select(names), prop::sample::select(values));
    let length = prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    let entries = length.prop_flat_map(move |length| prop::collection::vec(entry.clone(), length));
    entries.prop_map(|entries| {
        let entries = entries.into_iter();
        Value::Object(
            entries
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

fn seconds() -> impl Strategy<Value = Value> {
    let rare = prop::sample::select(vec![json!(1.5), json!("<w>"), json!(-1)]);
    prop_oneof![9 => Just(json!(0)), 1 => rare]
}

fn transition() -> impl Strategy<Value = Value> {
    let to = prop_oneof![
        6 => state().prop_map(Value::String),
        1 => Just(json!({"template": "t"})),
    ];
    let ready = prop::bool::weighted(0.8);
    (action(), args(), to, ready, seconds(), prop::option::weighted(0.2, state())).prop_map(
        |(action, args, to, ready, seconds, failure)| {
            json!({"action": action, "args": args, "to": to, "ready": ready, "delay_seconds": seconds,
                "on_failure": failure})
        },
    )
}

fn states() -> impl Strategy<Value = Value> {
    let transitions = prop::collection::vec(transition(), 0..4);
    let content = (
        transitions,
        prop::option::weighted(0.2, action()),
        any::<bool>(),
    );
    prop::collection::vec((state(), content), 1..4).prop_map(|states| {
        let states = states
            .into_iter()
            .map(|(name, (transitions, action, blocking))| {
                let state =
                    json!({"transitions": transitions, "action": action, "blocking": blocking});
                (name, state)
            });
        Value::Object(states.collect())
    })
}

/// The same states, but most transitions go to states that are there, so that many documents compile; and
/// all states are reached from the first.
fn connected(mut states: Value) -> Value {
    let fields = states.as_object().into_iter().flatten();
    let names: Vec<String> = fields.map(|(name, _)| name.clone()).collect();
    for (index, name) in names.iter().enumerate() {
        let Some(transitions) = states[name]["transitions"].as_array_mut() else {
            continue;
        };
        for transition in &mut *transitions {
            for end in ["to", "on_failure"] {
                let is_unknown = |to: &str| !names.iter().any(|name| name == to);
                if transition[end].as_str().is_some_and(is_unknown) && transition["ready"] == true {
                    transition[end] = json!(names[0]);
                }
            }
        }
        if let Some(next) = names.get(index + 1) {
            transitions.push(json!({"action": "nop", "args": {"message": "on"}, "to": next}));
        }
    }
    states
}

fn ours() -> impl Strategy<Value = Value> {
    let teleports = prop::collection::vec(
        (transition(), prop_oneof![state(), Just("all".to_owned())]),
        0..3,
    );
    let wildcard = prop::sample::select(vec![json!("x"), json!(3), json!("<agent>"), json!([])]);
    (states(), states(), teleports, wildcard).prop_map(|(states, inner, teleports, wildcard)| {
        let teleports = teleports.into_iter().map(|(mut teleport, from)| {
            teleport["from"] = json!(from);
            teleport
        });
        let teleports: Vec<Value> = teleports.collect();
        let (states, inner) = (connected(states), connected(inner));
        let first = |states: &Value| {
            states
                .as_object()
                .and_then(|states| states.keys().next().cloned())
        };
        let template = json!({"initial": first(&inner), "states": inner});
        json!({"initial": first(&states), "states": states, "teleports": teleports,
            "wildcards": {"<w>": wildcard}, "templates": {"t": template}})
    })
}

/// The document as a file of the other system.
fn theirs() -> impl Strategy<Value = Value> {
    ours().prop_map(|document| {
        let arrow = |transition: &Value| {
            let to = transition["to"].as_str();
            let to = to.or(document["initial"].as_str());
            json!({"goto": to, "on": {"action": transition["action"], "ready": transition["ready"],
                "action_kwargs": transition["args"], "delay": transition["delay_seconds"]}})
        };
        let mut states = Map::new();
        let mut transitions = Map::new();
        for (name, state) in document["states"].as_object().into_iter().flatten() {
            let arrows: Vec<Value> = state["transitions"].as_array().into_iter().flatten().map(arrow).collect();
            states.insert(name.clone(), json!({"action": state["action"], "blocking": state["blocking"]}));
            transitions.insert(name.clone(), json!(arrows));
        }
        let mut teleports = Map::new();
        for teleport in document["teleports"].as_array().into_iter().flatten() {
            let from = teleport["from"].as_str().unwrap_or_default();
            teleports.insert(from.to_owned(), json!([arrow(teleport)]));
        }
        json!({"machine": {"initial_state": document["initial"]}, "wildcards": document["wildcards"],
            "states": states, "transitions": transitions, "teleports": teleports})
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = vec![
        "initial",
        "states",
        "transitions",
        "teleports",
        "templates",
        "wildcards",
        "machine",
        "initial_state",
        "state_actions",
        "on",
        "goto",
        "action",
        "to",
        "a",
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a<>w\"\\\\é]{0,6}".prop_map(Value::from),
        Just(json!("a")),
        Just(json!("nop")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let entry = (prop::sample::select(keys.clone()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            prop::collection::vec(entry, 0..6).prop_map(|entries| {
                let entries = entries.into_iter();
                Value::Object(
                    entries
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// Compiles a document if it can be; checks what must hold for a machine.
fn check(document: &Value) -> Result<bool, TestCaseError> {
    let text = document.to_string();
    let Ok(definition) = Definition::from_json(&text) else {
        return Ok(false);
    };
    let compiled = Machine::compile(&definition, &custom());
    let again = Machine::compile(&definition, &custom());
    let Ok((machine, warnings)) = compiled else {
        prop_assert!(again.is_err());
        return Ok(false);
    };
    prop_assert_eq!(again, Ok((machine.clone(), warnings)));
    let mut transitions = 0;
    for state in machine.states() {
        let found = machine.find(&state.name).map(|id| machine.state(id));
        prop_assert_eq!(found, Some(state), "names are unique");
        for transition in &state.transitions {
            transitions += 1;
            prop_assert!(transition.to.index() < machine.states().len());
            prop_assert!(transition.ready || transition.action.is_requestable());
        }
        let is_teleport = state
            .transitions
            .iter()
            .map(|transition| transition.is_teleport);
        prop_assert!(is_teleport.is_sorted(), "teleports come last");
    }
    let states = machine.states().len();
    let dot = dot(&machine);
    let nodes = dot.matches(", shape=").count();
    prop_assert_eq!(nodes, states);
    // Each quotation mark is closed in its line.
    for line in dot.lines() {
        let marks = line
            .replace("\\\\", "")
            .replace("\\\"", "")
            .matches('"')
            .count();
        prop_assert_eq!(marks % 2, 0, "{}", line);
    }
    let mermaid = mermaid(&machine);
    let edges = mermaid.matches(" --> ").count();
    prop_assert!(edges > 0 && edges <= 1 + 2 * transitions);
    let is_known = |line: &str| {
        ["    state \"", "    s", "    [*] --> s", "    class"]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    prop_assert!(mermaid.lines().skip(1).all(is_known), "{}", mermaid);
    Ok(true)
}

#[test]
fn many_documents_are_drawn() {
    let mut runner = TestRunner::deterministic();
    let mut count = |documents: &BoxedStrategy<Value>| {
        let drawn = (0..200).map(|_| {
            let document = documents.new_tree(&mut runner).unwrap().current();
            usize::from(check(&document).unwrap())
        });
        drawn.sum::<usize>()
    };
    let (ours, theirs) = (count(&ours().boxed()), count(&theirs().boxed()));
    assert!(ours > 10 && theirs > 10, "{ours} and {theirs} of 200");
}

proptest! {
    #[test]
    fn a_document_is_refused_or_drawn(document in ours()) {
        check(&document)?;
    }

    #[test]
    fn a_file_is_refused_or_drawn(document in theirs()) {
        check(&document)?;
    }

    #[test]
    fn any_json_is_refused_or_drawn(document in any_json()) {
        check(&document)?;
    }

    #[test]
    fn any_text_is_refused_or_drawn(text in ".{0,40}") {
        if let Ok(definition) = Definition::from_json(&text) {
            let _ = Machine::compile(&definition, &custom());
        }
    }
}
