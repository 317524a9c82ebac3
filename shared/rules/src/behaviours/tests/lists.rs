//! Files of the other system in their older form.

use std::time::Duration;

use serde_json::json;

use super::{check_refused, machine, state_names, transitions};

#[test]
fn states_and_transitions_may_be_lists() {
    let machine = machine(
        r#"{"initial_state": "c", "state": null, "prev_state": null, "limbo_state": null, "role": "r",
        "welcome_msg": "Hi &#33;",
        "state_actions": {
            "a": [null, null, 0],
            "b": ["nop", {"message": "m"}, -1, 2.5],
            "c": [null, null, 2, false],
            "d": [null, null, 3, false, 1.5],
            "e": [null, {}, 4, true, 0.0, "here"]},
        "transitions": {
            "c": {"a": [["nop", {}, true, 0], ["process", {}, false, 1, "p"]],
                  "b": [["nop", {}, true, -1]], "d": [["nop", {}, true, -1]], "e": [["nop", {}, null, -1]]},
            "a": {"c": [["disconnected", {"delay": 3}, true, -1]]}}}"#,
    );
    assert_eq!(state_names(&machine), ["a", "b", "c", "d", "e"]);
    assert_eq!(machine.message(), Some("Hi !"));
    let shown: Vec<(bool, f64)> = machine
        .states()
        .iter()
        .map(|state| (state.blocking, state.wait.as_secs_f64()))
        .collect();
    assert_eq!(
        shown,
        [
            (true, 0.0),
            (true, 2.5),
            (false, 0.0),
            (false, 1.5),
            (true, 0.0)
        ]
    );
    let c = [
        "nop -> a",
        "(process) -> a",
        "nop -> b",
        "nop -> d",
        "nop -> e",
    ];
    assert_eq!(transitions(&machine, "c"), c);
    let back = &machine.states()[0].transitions[0];
    assert_eq!(back.delay, Duration::from_secs(3));
    let action = machine.states()[1].action.as_ref().unwrap();
    assert_eq!(json!(action.args), json!({"message": "m"}));
    assert_eq!(machine.states()[4].message.as_deref(), Some("here"));
}

#[test]
fn states_of_lists_may_be_left_out() {
    let machine = machine(
        r#"{"initial_state": "b", "transitions": {"a": {"b": [["nop", {}, true, -1]]}, "b": {"a": [["nop", {}, true, -1]]}}}"#,
    );
    assert_eq!(state_names(&machine), ["b", "a"]);
}

#[test]
fn faults_in_lists_have_their_path() {
    for (document, field, reason) in [
        (r#"{"initial_state": 1}"#, "initial_state", "invalid type"),
        (
            r#"{"initial_state": "b", "state_actions": {"a": [null, null, 0]}}"#,
            "initial_state",
            "unknown state",
        ),
        (
            r#"{"initial_state": "a", "state_actions": {"a": [null]}}"#,
            "state_actions.a",
            "3 to 6 values",
        ),
        (
            r#"{"initial_state": "a", "state_actions": {"a": [1, null, 0]}}"#,
            "state_actions.a[0]",
            "invalid type",
        ),
        (
            r#"{"initial_state": "a", "state_actions": {"a": ["fly", null, 0]}}"#,
            "state_actions.a[0]",
            "unknown action",
        ),
        (
            r#"{"initial_state": "a", "state_actions": {"a": ["nop", {"x": 1}, 0]}}"#,
            "state_actions.a[1].x",
            "no argument",
        ),
        (
            r#"{"initial_state": "a", "transitions": {"a": {"a": [["nop"]]}}}"#,
            "transitions.a.a[0]",
            "4 or 5 values",
        ),
        (
            r#"{"initial_state": "a", "transitions": {"a": {"a": [[null, {}, true, 0]]}}}"#,
            "transitions.a.a[0][0]",
            "has an action",
        ),
        (
            r#"{"initial_state": "a", "transitions": {"a": {"a": [["nop", {}, "yes", 0]]}}}"#,
            "transitions.a.a[0][2]",
            "invalid type",
        ),
        (
            r#"{"initial_state": "a", "state_actions": {"a": [null, null, 0]}, "transitions": {"a": {"b": [["nop", {}, true, 0]]}}}"#,
            "transitions.a.b[0]",
            "unknown state",
        ),
    ] {
        check_refused(document, Some(field), reason);
    }
}
