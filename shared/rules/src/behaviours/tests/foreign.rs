//! Files of the other system.

use std::time::Duration;

use contract::behaviour::WarningCode;
use serde_json::json;

use super::{check_refused, compile, machine, state_names, transitions, warnings, with_arrow};

#[test]
fn a_file_needs_little() {
    let shortest = machine(r#"{"machine": {"initial_state": "a"}}"#);
    assert_eq!(state_names(&shortest), ["a"]);
    let without_states = machine(
        r#"{"machine": {"initial_state": "b"}, "transitions": {
            "a": [{"on": {"action": "nop"}, "goto": "b"}],
            "b": [{"on": {"action": "nop"}, "goto": "a"}, {"on": {"action": "nop"}, "goto": "c"}]}}"#,
    );
    assert_eq!(state_names(&without_states), ["b", "a", "c"]);
    let state = &without_states.states()[0];
    assert_eq!(
        (state.blocking, state.wait, &state.action),
        (true, Duration::ZERO, &None)
    );
    let transition = &state.transitions[0];
    assert!(transition.ready && !transition.high_priority && !transition.is_teleport);
    let times = [transition.delay, transition.retry, transition.max];
    assert_eq!(times, [Duration::ZERO; 3]);
}

#[test]
fn a_file_may_have_every_field() {
    let machine = machine(
        r#"{"machine": {"role": "user", "initial_state": "b", "msg": "Hi &#128172; <role>",
            "options": {"show_action_ticks_after_messages": true}},
        "states": {
            "a": {"action": null, "action_kwargs": {}, "msg": null, "blocking": true, "time_to_wait_before_acting": 3},
            "b": {"action": "nop", "action_kwargs": {"message": "<w>"}, "msg": "B &amp; b", "blocking": false,
                "time_to_wait_before_acting": "<t>"}},
        "transitions": {"b": [{"goto": "a", "on": {"action": "process", "action_kwargs": {"num_steps": 2},
            "msg": "&#x1F680; go", "ready": false, "high_priority": true, "max_duration": "<t>",
            "retry_timeout": 2.5, "delay": 1}}]},
        "teleports": {"a": [{"on": {"action": "nop", "ready": true, "delay": 45.0}, "goto": "b"}]},
        "wildcards": {"<t>": 7.5, "<w>": "word", "<agent>": "of another run"}}"#,
    );
    assert_eq!(machine.message(), Some("Hi \u{1F4AC} <role>"));
    assert_eq!(machine.initial(), machine.find("b").unwrap());
    let [a, b] = machine.states() else {
        panic!("{machine:?}")
    };
    assert_eq!((a.wait, a.message.as_ref()), (Duration::from_secs(3), None));
    assert_eq!(b.message.as_deref(), Some("B & b"));
    assert_eq!((b.blocking, b.wait), (false, Duration::from_secs_f64(7.5)));
    assert_eq!(
        json!(b.action.as_ref().unwrap().args),
        json!({"message": "word"})
    );
    let go = &b.transitions[0];
    assert_eq!(go.message.as_deref(), Some("\u{1F680} go"));
    assert!(!go.ready && go.high_priority);
    assert_eq!(
        (go.max, go.retry),
        (Duration::from_secs_f64(7.5), Duration::from_secs_f64(2.5))
    );
    assert_eq!(go.delay, Duration::from_secs(1));
    assert!(a.transitions[0].is_teleport);
}

#[test]
fn transitions_to_one_state_are_tried_before_those_to_the_next_and_teleports_last() {
    let machine = machine(
        r#"{"machine": {"initial_state": "a"}, "states": {"a": {}, "b": {}, "c": {}},
        "transitions": {"a": [
            {"on": {"action": "nop"}, "goto": "b"},
            {"on": {"action": "nop"}, "goto": "a"},
            {"on": {"action": "disengage_all"}, "goto": "b"}]},
        "teleports": {
            "a": [{"on": {"action": "disengage_all"}, "goto": "c"}],
            "all": [{"on": {"action": "disconnected", "action_kwargs": {"delay": 5}}, "goto": "a"},
                    {"on": {"action": "disengage", "ready": false}, "goto": "c"}]}}"#,
    );
    let a = [
        "nop -> b",
        "disengage_all -> b",
        "nop -> a",
        "(disengage) ~> c",
        "disengage_all ~> c",
    ];
    assert_eq!(transitions(&machine, "a"), a);
    assert_eq!(
        transitions(&machine, "b"),
        ["disconnected ~> a", "(disengage) ~> c"]
    );
    assert_eq!(transitions(&machine, "c"), ["disconnected ~> a"]);
    let teleport = &machine.states()[1].transitions[0];
    assert_eq!(teleport.delay, Duration::from_secs(5));
}

#[test]
fn a_request_driven_send_is_read_as_solid() {
    let send = r#""action": "send", "action_kwargs": {"action_name": "process"}, "ready": false"#;
    let field = "transitions.a[0].on.ready".to_owned();
    assert_eq!(
        warnings(&with_arrow(send)),
        [(field, WarningCode::ReadAsSolid)]
    );
    let (machine, _) = compile(&with_arrow(send)).unwrap();
    assert_eq!(transitions(&machine, "a"), ["send -> a"]);
    let teleport = r#"{"machine": {"initial_state": "a"}, "states": {"a": {}, "b": {}},
        "transitions": {"a": [{"on": {"action": "nop"}, "goto": "b"}]},
        "teleports": {"all": [{"on": {"action": "send", "ready": false}, "goto": "a"}]}}"#;
    let field = "teleports.all[0].on.ready".to_owned();
    assert_eq!(warnings(teleport), [(field, WarningCode::ReadAsSolid)]);
}

#[test]
fn what_the_other_system_accepts_is_read_with_a_warning() {
    for (on, field, code) in [
        (
            r#""action": "nop", "max_duration": "<learn_time>""#,
            "max_duration",
            WarningCode::UnresolvedWildcard,
        ),
        (
            r#""action": "nop", "action_kwargs": {"delay": "<d>"}"#,
            "action_kwargs.delay",
            WarningCode::UnresolvedWildcard,
        ),
        (
            r#""action": "send", "action_kwargs": {"num_steps": "<learn_steps>"}"#,
            "action_kwargs.num_steps",
            WarningCode::UnresolvedWildcard,
        ),
        (
            r#""action": "evaluate", "action_kwargs": {"stream_hash": "<agent>:x", "how": "<how>"}"#,
            "action_kwargs.how",
            WarningCode::UnresolvedWildcard,
        ),
        (
            r#""action": "compare_eval", "action_kwargs": {"cmp": "=", "thres": -1}"#,
            "action_kwargs.cmp",
            WarningCode::UnknownValue,
        ),
        (
            r#""action": "nop", "redy": false"#,
            "redy",
            WarningCode::UnknownField,
        ),
    ] {
        let field = format!("transitions.a[0].on.{field}");
        assert_eq!(warnings(&with_arrow(on)), [(field, code)], "{on}");
    }
    let unknown = r#"{"machine": {"initial_state": "a", "rôle": 1}, "more": 1, "states": {"a": {"blocks": 1}},
        "transitions": {"a": [{"on": {"action": "nop"}, "goto": "a", "to": "b"}]}}"#;
    let fields: Vec<String> = warnings(unknown)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        fields,
        [
            "more",
            "machine.rôle",
            "states.a.blocks",
            "transitions.a[0].to"
        ]
    );
}

#[test]
fn times_below_zero_are_none() {
    let machine = machine(&with_arrow(
        r#""action": "nop", "delay": -1, "retry_timeout": 0, "max_duration": -0.5"#,
    ));
    let transition = &machine.states()[0].transitions[0];
    let times = [transition.delay, transition.retry, transition.max];
    assert_eq!(times, [Duration::ZERO; 3]);
}

/// Files, the field at fault, the reason.
const FILES_REFUSED: &[(&str, &str, &str)] = &[
    (
        r#"{"machine": {}}"#,
        "machine",
        "missing field `initial_state`",
    ),
    (r#"{"machine": []}"#, "machine", "invalid length"),
    (
        r#"{"machine": {"initial_state": "a"}, "states": {"b": {}}}"#,
        "machine.initial_state",
        "unknown state: \"a\"",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "states": {"a": {}, "b": {}}}"#,
        "states.b",
        "no chain of transitions",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "states": {"a": {"action": "fly"}}}"#,
        "states.a.action",
        "unknown action",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "states": {"a": {"action": "nop", "action_kwargs": {"x": 1}}}}"#,
        "states.a.action_kwargs.x",
        "nop has no argument",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "states": {"a": {}}, "transitions": {"a": [{"on": {"action": "nop"}, "goto": "b"}]}}"#,
        "transitions.a[0].goto",
        "unknown state: \"b\"",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "states": {"a": {}}, "transitions": {"b": [{"on": {"action": "nop"}, "goto": "a"}]}}"#,
        "transitions.b[0]",
        "unknown state: \"b\"",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "transitions": {"b": [{"on": {"action": "nop"}, "goto": "a"}]}}"#,
        "transitions.b",
        "no chain of transitions",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "transitions": {"a": [{"on": {"action": "nop"}, "goto": "a"}, {"on": {"action": "nop"}, "goto": "a"}]}}"#,
        "transitions.a[1]",
        "already",
    ),
    (
        r#"{"machine": {"initial_state": "all"}}"#,
        "machine.initial_state",
        "`all` stands for",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "teleports": {"a": [{"on": {}, "goto": "a"}]}}"#,
        "teleports.a[0].on",
        "missing field `action`",
    ),
    (
        r#"{"machine": {"initial_state": "a"}, "teleports": {"a": [{"on": {"action": "nop"}}]}}"#,
        "teleports.a[0]",
        "missing field `goto`",
    ),
];

#[test]
fn a_file_that_cannot_work_is_refused_with_the_path() {
    for (document, field, reason) in FILES_REFUSED {
        check_refused(document, Some(field), reason);
    }
    for (on, field, reason) in [
        (r#""action": "fly""#, "action", "unknown action: \"fly\""),
        (r#""action": "nop", "delay": 1e12"#, "delay", "from 0 to"),
        (
            r#""action": "connect_by_role", "action_kwargs": {"role": "a", "filter_fcn": "fly"}"#,
            "action_kwargs.filter_fcn",
            "no custom action",
        ),
        (
            r#""action": "compare_eval", "action_kwargs": {"cmp": "min", "thres": "many"}"#,
            "action_kwargs.thres",
            "a number",
        ),
    ] {
        let field = format!("transitions.a[0].on.{field}");
        check_refused(&with_arrow(on), Some(&field), reason);
    }
}
