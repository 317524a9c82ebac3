//! Behaviours as tables: a document, and what becomes of it.

mod actions;
mod catalogue;
mod diagrams;
mod faults;
mod foreign;
mod lists;
mod properties;
mod public_files;
mod templates;
mod wildcards;
mod worlds;

use contract::Rejection;
use contract::behaviour::{CustomAction, Definition, Warning, WarningCode};
use serde_json::{Value, json};

use super::{CustomActions, Machine};

/// Custom actions that the documents of these tests use.
fn custom() -> CustomActions {
    let declare = |name: &str, arguments: Option<Value>, requestable| CustomAction {
        name: name.parse().unwrap(),
        arguments,
        requestable,
    };
    let speed = json!({
        "type": "object", "properties": {"speed": {"type": "number"}, "id": {"type": "string"}},
        "required": ["speed"], "additionalProperties": false,
    });
    let actions = [
        declare("move_arm", Some(speed.clone()), true),
        declare("calibrate", Some(speed), false),
        declare("anything", None, true),
    ];
    CustomActions::new(&actions, "actions").unwrap()
}

fn compile(document: &str) -> Result<(Machine, Vec<Warning>), Rejection> {
    Machine::compile(&Definition::from_json(document).unwrap(), &custom())
}

/// A machine about which there is no warning.
fn machine(document: &str) -> Machine {
    let (machine, warnings) = compile(document).unwrap();
    assert_eq!(warnings, [], "{document}");
    machine
}

fn warnings(document: &str) -> Vec<(String, WarningCode)> {
    let (_, warnings) = compile(document).unwrap();
    let warnings = warnings.into_iter();
    warnings
        .map(|warning| (warning.field, warning.code))
        .collect()
}

/// Checks that a document is refused for a field, with a reason that has a text in it.
fn check_refused(document: &str, field: Option<&str>, reason: &str) {
    let rejection = compile(document).unwrap_err();
    assert_eq!(
        rejection.field.as_deref(),
        field,
        "{rejection:?} {document}"
    );
    assert!(
        rejection.detail.contains(reason),
        "{rejection:?} {document}"
    );
}

/// The transitions of a state, as texts: `1.action -> to`, with `~>` for a teleport and `(action)` for one
/// that only a request triggers.
fn transitions(machine: &Machine, state: &str) -> Vec<String> {
    let state = machine.state(machine.find(state).unwrap());
    let shown = state.transitions.iter().map(|transition| {
        let name = &transition.action.name;
        let name = if transition.ready {
            name.clone()
        } else {
            format!("({name})")
        };
        let arrow = if transition.is_teleport { "~>" } else { "->" };
        format!("{name} {arrow} {}", machine.state(transition.to).name)
    });
    shown.collect()
}

fn state_names(machine: &Machine) -> Vec<&str> {
    let states = machine.states().iter();
    states.map(|state| state.name.as_str()).collect()
}

/// A document of ours with one state `a` that has one transition to itself, made of these fields.
fn with_transition(fields: &str) -> String {
    format!(
        r#"{{"initial": "a", "states": {{"a": {{"transitions": [{{"to": "a", {fields}}}]}}}}}}"#
    )
}

/// A file of the other system with the same.
fn with_arrow(on: &str) -> String {
    let transitions = format!(r#"{{"a": [{{"on": {{{on}}}, "goto": "a"}}]}}"#);
    format!(r#"{{"machine": {{"initial_state": "a"}}, "transitions": {transitions}}}"#)
}
