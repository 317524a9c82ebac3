//! Actions and their arguments.

use std::time::Duration;

use contract::behaviour::CustomAction;
use serde_json::{Value, json};

use super::{check_refused, compile, machine, with_arrow, with_transition};
use crate::behaviours::{Class, CustomActions, Machine, Reads, Transition, built_in};

/// The only transition of the machine of a document.
fn only(machine: &Machine) -> &Transition {
    let [transition] = machine.states()[0].transitions.as_slice() else {
        panic!("not one transition: {machine:?}");
    };
    transition
}

fn with_args(action: &str, args: &Value) -> String {
    with_transition(&format!(r#""action": "{action}", "args": {args}"#))
}

/// Arguments that an action takes.
const TAKEN: &[(&str, &str)] = &[
    ("connect_by_role", r#"{"role": "a"}"#),
    (
        "connect_by_role",
        r#"{"role": ["a", "b"], "filter_fcn": "anything", "accept_already_connected": true}"#,
    ),
    ("connect_by_role", r#"{"role": "a", "filter_fcn": null}"#),
    (
        "connected",
        r#"{"agent": ["x", "y"], "handshake_completed": true}"#,
    ),
    ("disconnected", r#"{"agent": "<valid_cmp>"}"#),
    (
        "record",
        r#"{"streams": ["<world>:cats"], "num_steps": 998, "record_uuid": null}"#,
    ),
    (
        "record",
        r#"{"streams": "<world>:cats", "record_uuid": "u"}"#,
    ),
    (
        "send",
        r#"{"action_name": "learn", "streams": {"stdin": ["a:x"], "stdtar": "a:y", "stdext": []}, "num_steps": 5}"#,
    ),
    (
        "send",
        r#"{"target": ["x"], "data_samples": {"q": "text"}, "timeout": 1.5, "copy_sys": true}"#,
    ),
    (
        "send",
        r#"{"data_samples": [1, "a", null], "volatile": true}"#,
    ),
    (
        "send",
        r#"{"callback": "show", "id": null, "action_kwargs": {"speed": 1}}"#,
    ),
    (
        "send",
        r#"{"callback": "anything", "from_state": "s", "to_state": null}"#,
    ),
    (
        "evaluate",
        r#"{"stream_hash": "<playlist>", "how": "geq0.5", "steps": 30, "re_offset": true}"#,
    ),
    (
        "compare_eval",
        r#"{"cmp": "<=", "thres": 1, "good_if_true": false}"#,
    ),
    (
        "subscribe",
        r#"{"stream_owners": ["x"], "stream_props": ["labels", {"name": "n"}]}"#,
    ),
    (
        "suggest_badges_to_world",
        r#"{"score": null, "badge_description": "Done"}"#,
    ),
    (
        "suggest_badges_to_world",
        r#"{"score": -1.0, "badge_type": "pro"}"#,
    ),
    ("ask_world_stats", r#"{"filters": {"role": "a"}}"#),
    (
        "set_pref_streams",
        r#"{"net_hashes": ["a:x"], "repeat": 50}"#,
    ),
    ("process", r#"{}"#),
];

/// Arguments that are refused: the action, its arguments, the field below them, the reason.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        "nop",
        r#"{"text": "m"}"#,
        ".text",
        "nop has no argument \"text\"",
    ),
    ("nop", r#"{"message": 1}"#, ".message", "it must be a text"),
    ("nop", r#"{"interaction": {}}"#, ".interaction", "reserved"),
    (
        "nop",
        r#"{"action_kwargs": {}}"#,
        ".action_kwargs",
        "reserved",
    ),
    (
        "connected",
        r#"{"handshake_completed": 1}"#,
        ".handshake_completed",
        "true or false",
    ),
    (
        "connected",
        r#"{"agent": [1]}"#,
        ".agent",
        "an agent or a list of agents",
    ),
    (
        "connect_by_role",
        r#"{"role": "a", "filter_fcn": "fly"}"#,
        ".filter_fcn",
        "unknown action",
    ),
    (
        "connect_by_role",
        r#"{"role": "a", "filter_fcn": "nop"}"#,
        ".filter_fcn",
        "unknown action",
    ),
    (
        "received_some_asked_data",
        r#"{"processing_fcn": "fly"}"#,
        ".processing_fcn",
        "unknown action",
    ),
    (
        "send",
        r#"{"num_steps": "5"}"#,
        ".num_steps",
        "a whole number",
    ),
    (
        "send",
        r#"{"num_steps": 1.5}"#,
        ".num_steps",
        "a whole number",
    ),
    ("send", r#"{"num_steps": 0}"#, ".num_steps", "above 0"),
    ("send", r#"{"timeout": 0}"#, ".timeout", "above 0"),
    ("send", r#"{"timeout": -2}"#, ".timeout", "above 0"),
    ("send", r#"{"timeout": 1e12}"#, ".timeout", "at most"),
    (
        "send",
        r#"{"streams": {"in": ["x"]}}"#,
        ".streams",
        "a list of streams",
    ),
    (
        "send",
        r#"{"streams": ["x"], "data_samples": [1]}"#,
        ".data_samples",
        "streams already",
    ),
    (
        "send",
        r#"{"volatile": true, "callback": "show"}"#,
        ".callback",
        "volatile",
    ),
    (
        "send",
        r#"{"volatile": true, "wait_completion": true}"#,
        ".wait_completion",
        "volatile",
    ),
    (
        "send",
        r#"{"callback": "send"}"#,
        ".callback",
        "unknown action",
    ),
    (
        "send",
        r#"{"interaction": null}"#,
        ".interaction",
        "reserved",
    ),
    (
        "compare_eval",
        r#"{"cmp": "==", "thres": 1}"#,
        ".cmp",
        "one of <, <=, >, >=, min, max",
    ),
    (
        "compare_eval",
        r#"{"cmp": "min", "thres": "<t>"}"#,
        ".thres",
        "a number",
    ),
    (
        "compare_eval",
        r#"{"cmp": "min", "thres": "<agent>"}"#,
        ".thres",
        "a number",
    ),
    (
        "compare_eval",
        r#"{"cmp": "min", "thres": null}"#,
        ".thres",
        "a number",
    ),
    (
        "evaluate",
        r#"{"stream_hash": "s", "how": "geq"}"#,
        ".how",
        "mse, max or geqX",
    ),
    (
        "evaluate",
        r#"{"stream_hash": "s", "how": "mse", "steps": 0}"#,
        ".steps",
        "above 0",
    ),
    (
        "check_pref_stream",
        r#"{"what": "middle"}"#,
        ".what",
        "one of first, last",
    ),
    (
        "suggest_badges_to_world",
        r#"{"badge_type": "gold"}"#,
        ".badge_type",
        "one of completed",
    ),
    (
        "suggest_role_to_world",
        r#"{"agent": "x"}"#,
        "",
        "needs the argument \"role\"",
    ),
    (
        "process",
        r#"{"num_steps": true}"#,
        ".num_steps",
        "a whole number",
    ),
    (
        "process",
        r#"{"steps": 1}"#,
        ".steps",
        "process has no argument",
    ),
    ("move_arm", r#"{"speed": "fast"}"#, ".speed", "number"),
    ("move_arm", r#"{"sped": 1}"#, "", "sped"),
    ("calibrate", r#"{}"#, "", "speed"),
];

fn parsed(args: &str) -> Value {
    serde_json::from_str(args).unwrap()
}

#[test]
fn arguments_have_exact_types() {
    for (action, args) in TAKEN {
        machine(&with_args(action, &parsed(args)));
    }
    for (action, args, field, reason) in REFUSED {
        let field = format!("states.a.transitions[0].args{field}");
        let document = with_args(action, &parsed(args));
        let rejection = compile(&document).unwrap_err();
        let found = rejection.field.clone().unwrap_or_default();
        assert!(found.starts_with(&field), "{rejection:?} {document}");
        assert!(
            rejection.detail.contains(reason),
            "{rejection:?} {document}"
        );
    }
}

#[test]
fn a_request_may_have_the_arguments_that_a_transition_does_not_pin() {
    machine(&with_args("move_arm", &json!({})));
    machine(&with_args("find_agents", &json!({})));
    let state = |action: &str| {
        format!(r#"{{"initial": "a", "states": {{"a": {{"action": "{action}"}}}}}}"#)
    };
    check_refused(&state("move_arm"), Some("states.a.args.speed"), "speed");
    check_refused(
        &state("find_agents"),
        Some("states.a.args.role"),
        "needs the argument \"role\"",
    );
}

#[test]
fn times_are_lifted_out_of_the_arguments() {
    let args = json!({"delay": 5.0, "retry_timeout": 2, "max_duration": "<m>"});
    let document = format!(
        r#"{{"initial": "a", "wildcards": {{"<m>": 7}}, "states": {{"a": {{"transitions": [
            {{"action": "disconnected", "to": "a", "delay_seconds": 1, "args": {args}}}]}}}}}}"#
    );
    let machine = machine(&document);
    let transition = only(&machine);
    let times = [transition.delay, transition.retry, transition.max];
    assert_eq!(times, [5, 2, 7].map(Duration::from_secs));
    assert!(transition.action.args.is_empty());
}

#[test]
fn fields_of_the_interaction_are_lifted_out_of_the_arguments() {
    let args = json!({
        "streams": ["<world>:cats"], "num_steps": 998, "record_uuid": null, "timeout": -1,
        "callback": "show",
    });
    let record = machine(&with_args("record", &args));
    let action = &only(&record).action;
    assert_eq!(json!(action.args), json!({"record_uuid": null}));
    let lifted = json!({"streams": ["<world>:cats"], "num_steps": 998, "callback": "show"});
    assert_eq!(json!(action.interaction), lifted);
    // They are arguments of `send` itself, and of a custom action that declares them.
    let args = json!({"action_name": "learn", "streams": ["x:y"], "num_steps": 3});
    let send = machine(&with_args("send", &args));
    assert_eq!(json!(only(&send).action.args), args);
    let args = json!({"speed": 1, "id": "i", "num_steps": 3});
    let custom = machine(&with_args("move_arm", &args));
    assert_eq!(
        json!(only(&custom).action.args),
        json!({"speed": 1, "id": "i"})
    );
    assert_eq!(
        json!(only(&custom).action.interaction),
        json!({"num_steps": 3})
    );
}

#[test]
fn a_number_that_stands_for_the_default_is_removed() {
    let args = json!({"timeout": -1, "num_steps": -1, "num_samples_to_stream": -1});
    let ours = machine(&with_args("send", &args));
    assert!(only(&ours).action.args.is_empty());
    for zero in [json!(0), json!(-3), json!(0.0)] {
        let on = format!(r#""action": "send", "action_kwargs": {{"timeout": {zero}}}"#);
        let theirs = machine(&with_arrow(&on));
        assert!(only(&theirs).action.args.is_empty(), "{zero}");
    }
}

#[test]
fn an_action_says_what_it_is() {
    let action = |name: &str, args: Value| {
        let machine = machine(&with_args(name, &args));
        only(&machine).action.clone()
    };
    let plain = action("connect_by_role", json!({"role": "a"}));
    assert_eq!(plain.class(), Class::Local);
    assert_eq!(plain.reads(), [Reads::Roster, Reads::Links]);
    let filtered = action(
        "connect_by_role",
        json!({"role": "a", "filter_fcn": "anything"}),
    );
    assert_eq!(filtered.class(), Class::Run);
    assert_eq!(filtered.reads(), Reads::ALL);
    let custom = action("anything", json!({"x": [1]}));
    assert_eq!((custom.class(), custom.reads()), (Class::Run, Reads::ALL));
    assert!(custom.is_requestable() && !custom.needs_input());
    let callback = action("send", json!({"callback": "anything"}));
    assert_eq!(callback.class(), Class::Sends);
    assert!(!callback.is_requestable());
    for name in ["engage", "disengage", "process", "learn"] {
        let action = action(name, json!({}));
        assert!(action.needs_input() && action.is_requestable(), "{name}");
    }
}

#[test]
fn a_use_from_elsewhere_is_checked_too() {
    let evaluate = built_in("evaluate").unwrap();
    let check = |args: Value| evaluate.check(args.as_object().unwrap(), "arguments");
    check(json!({"stream_hash": "a:x", "how": "another"})).unwrap();
    for (args, field) in [
        (json!({"stream_hash": "a:x"}), "arguments.how"),
        (
            json!({"stream_hash": 1, "how": "mse"}),
            "arguments.stream_hash",
        ),
        (
            json!({"stream_hash": "a:x", "how": "mse", "more": 1}),
            "arguments.more",
        ),
    ] {
        assert_eq!(check(args).unwrap_err().field.as_deref(), Some(field));
    }
}

#[test]
fn declarations_are_checked() {
    let declare = |name: &str, arguments: Value| CustomAction {
        name: name.parse().unwrap(),
        arguments: Some(arguments),
        requestable: true,
    };
    for (actions, field) in [
        (vec![declare("nop", json!({}))], "actions[0].name"),
        (
            vec![declare("x", json!({})), declare("x", json!({}))],
            "actions[1].name",
        ),
        (
            vec![declare("x", json!({"type": "colour"}))],
            "actions[0].arguments",
        ),
    ] {
        let rejection = CustomActions::new(&actions, "actions").unwrap_err();
        assert_eq!(rejection.field.as_deref(), Some(field));
    }
}
