//! Documents of ours that are refused, each for one field.

use contract::RejectionCode;

use super::{check_refused, compile, machine, warnings, with_transition};
use crate::behaviours::limits::{DEFINITION_BYTES_MAX, STATES_MAX};

#[test]
fn a_document_of_another_form_is_refused_with_the_path() {
    for (document, field, reason) in [
        (r#"{}"#, None, "missing field `initial`"),
        (r#"{"initial": "a"}"#, None, "missing field `states`"),
        (
            r#"{"initial": "a", "states": {}, "more": 1}"#,
            Some("more"),
            "unknown field",
        ),
        (
            r#"{"initial": "a", "states": []}"#,
            Some("states"),
            "invalid type",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"blocks": 1}}}"#,
            Some("states.a.blocks"),
            "unknown field",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"blocking": 1}}}"#,
            Some("states.a.blocking"),
            "invalid type",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"wait_seconds": []}}}"#,
            Some("states.a.wait_seconds"),
            "a number of seconds",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"transitions": [{"to": "a"}]}}}"#,
            Some("states.a.transitions[0]"),
            "missing field `action`",
        ),
        (
            r#"{"initial": "a", "states": {"a": {"transitions": [{"action": "nop"}]}}}"#,
            Some("states.a.transitions[0]"),
            "missing field `to`",
        ),
        (
            r#"{"initial": "a", "states": {"a": {}}, "teleports": [{"action": "nop", "to": "a"}]}"#,
            Some("teleports[0]"),
            "missing field `from`",
        ),
    ] {
        check_refused(document, field, reason);
    }
    check_refused(
        &with_transition(r#""action": "nop", "if": 1"#),
        Some("states.a.transitions[0].if"),
        "unknown field",
    );
    check_refused(
        &with_transition(r#""action": "nop", "args": []"#),
        Some("states.a.transitions[0].args"),
        "invalid type",
    );
}

/// Documents, the field at fault, the reason.
const STATES_REFUSED: &[(&str, &str, &str)] = &[
    (
        r#"{"initial": "b", "states": {"a": {}}}"#,
        "initial",
        "unknown state: \"b\"",
    ),
    (
        r#"{"initial": "a", "states": {}}"#,
        "initial",
        "unknown state",
    ),
    (
        r#"{"initial": "a", "states": {"a": {}, "b": {}}}"#,
        "states.b",
        "no chain of transitions",
    ),
    (
        r#"{"initial": "a", "states": {"a": {}, "b": {"transitions": [{"action": "nop", "to": "a"}]}}}"#,
        "states.b",
        "no chain of transitions",
    ),
    (
        r#"{"initial": "all", "states": {"all": {}}}"#,
        "states.all",
        "`all` stands for all states",
    ),
    (
        r#"{"initial": "", "states": {"": {}}}"#,
        "states.",
        "name of 1 to 128 bytes",
    ),
    (
        r#"{"initial": "a", "states": {"a": {"args": {"x": 1}}}}"#,
        "states.a.args",
        "arguments without an action",
    ),
    (
        r#"{"initial": "a", "states": {"a": {"action": "fly"}}}"#,
        "states.a.action",
        "unknown action: \"fly\"",
    ),
    (
        r#"{"initial": "a", "states": {"a": {"action": "find_agents"}}}"#,
        "states.a.args.role",
        "needs the argument \"role\"",
    ),
    (
        r#"{"initial": "a", "states": {"a": {"action": "nop", "args": {"delay": 1}}}}"#,
        "states.a.args.delay",
        "only transitions",
    ),
    (
        r#"{"initial": "a", "states": {"a": {"wait_seconds": -1}}}"#,
        "states.a.wait_seconds",
        "from 0 to",
    ),
    (
        r#"{"initial": "a", "states": {"a": {}}, "transitions": {"b": [{"action": "nop", "to": "a"}]}}"#,
        "transitions.b",
        "unknown state: \"b\"",
    ),
    (
        r#"{"initial": "a", "states": {"a": {}}, "teleports": [{"from": "b", "action": "nop", "to": "a"}]}"#,
        "teleports[0].from",
        "unknown state: \"b\"",
    ),
    (
        r#"{"initial": "a", "states": {"a": {}}, "teleports": [{"from": "all", "action": "nop", "to": "b"}]}"#,
        "teleports[0].to",
        "unknown state: \"b\"",
    ),
];

#[test]
fn states_that_cannot_be_are_refused() {
    for (document, field, reason) in STATES_REFUSED {
        check_refused(document, Some(field), reason);
    }
    let failure = r#"{"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": "a", "on_failure": "b"}]}}}"#;
    check_refused(
        failure,
        Some("states.a.transitions[0].on_failure"),
        "unknown state: \"b\"",
    );
    let nowhere =
        r#"{"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": "b"}]}}}"#;
    check_refused(
        nowhere,
        Some("states.a.transitions[0].to"),
        "unknown state: \"b\"",
    );
}

#[test]
fn a_state_that_only_a_failure_leads_to_is_reached() {
    machine(
        r#"{"initial": "a", "states": {"b": {}, "a": {"transitions": [{"action": "nop", "to": "a", "on_failure": "b"}]}}}"#,
    );
}

#[test]
fn transitions_that_cannot_be_are_refused() {
    for (fields, field, reason) in [
        (r#""action": "fly""#, "action", "unknown action: \"fly\""),
        (
            r#""action": "send", "ready": false"#,
            "ready",
            "nobody can request send",
        ),
        (
            r#""action": "send_engage", "ready": false"#,
            "ready",
            "nobody can request send_engage",
        ),
        (
            r#""action": "calibrate", "args": {"speed": 1}, "ready": false"#,
            "ready",
            "nobody can request calibrate",
        ),
        (
            r#""action": "nop", "delay_seconds": -0.5"#,
            "delay_seconds",
            "from 0 to",
        ),
        (
            r#""action": "nop", "retry_seconds": -1"#,
            "retry_seconds",
            "from 0 to",
        ),
        (
            r#""action": "nop", "max_seconds": 1e12"#,
            "max_seconds",
            "from 0 to",
        ),
        (
            r#""action": "nop", "max_seconds": "<lesson_time>""#,
            "max_seconds",
            "not \"<lesson_time>\"",
        ),
        (
            r#""action": "nop", "max_seconds": "soon""#,
            "max_seconds",
            "not \"soon\"",
        ),
        (
            r#""action": "nop", "args": {"delay": -1}"#,
            "args.delay",
            "from 0 to",
        ),
        (
            r#""action": "nop", "args": {"delay": true}"#,
            "args.delay",
            "a number of seconds",
        ),
    ] {
        let path = format!("states.a.transitions[0].{field}");
        let document = with_transition(fields);
        check_refused(&document, Some(&path), reason);
    }
}

#[test]
fn the_same_transition_twice_is_refused() {
    let twice = |first: &str, second: &str| {
        format!(
            r#"{{"initial": "a", "states": {{"a": {{"transitions": [{first}, {second}]}}, "b": {{"transitions": [{first}]}}}}}}"#
        )
    };
    let nop = r#"{"action": "nop", "to": "b"}"#;
    for second in [
        nop,
        r#"{"action": "nop", "to": "b", "args": {}, "ready": false}"#,
        r#"{"action": "nop", "to": "b", "args": {"delay": 5}}"#,
    ] {
        check_refused(
            &twice(nop, second),
            Some("states.a.transitions[1]"),
            "already",
        );
    }
    for second in [
        r#"{"action": "nop", "to": "a"}"#,
        r#"{"action": "nop", "to": "b", "args": {"message": "m"}}"#,
        r#"{"action": "disengage_all", "to": "b"}"#,
    ] {
        machine(&twice(nop, second));
    }
    let teleport = r#"{"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": "b"}]}, "b": {}},
        "teleports": [{"from": "all", "action": "nop", "to": "b"}]}"#;
    check_refused(teleport, Some("teleports[0]"), "\"a\" has a transition");
}

#[test]
fn a_behaviour_that_is_too_large_is_refused() {
    let is_too_large = |document: &str| {
        let rejection = compile(document).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::TooLarge, "{rejection:?}");
        rejection.field
    };
    let long = "x".repeat(DEFINITION_BYTES_MAX);
    let document = with_transition(&format!(
        r#""action": "nop", "args": {{"message": "{long}"}}"#
    ));
    assert_eq!(is_too_large(&document), None);
    let states: Vec<String> = (0..=STATES_MAX)
        .map(|n| format!(r#""s{n}": {{}}"#))
        .collect();
    let document = format!(r#"{{"initial": "s0", "states": {{{}}}}}"#, states.join(","));
    assert_eq!(is_too_large(&document).as_deref(), Some("states.s256"));
    let states: Vec<String> = (0..200).map(|n| format!(r#""s{n}": {{}}"#)).collect();
    let teleport = |n| format!(r#"{{"from": "all", "action": "nop", "to": "s{n}"}}"#);
    let teleports: Vec<String> = (0..200).map(teleport).collect();
    let document = format!(
        r#"{{"initial": "s0", "states": {{{}}}, "teleports": [{}]}}"#,
        states.join(","),
        teleports.join(",")
    );
    assert_eq!(is_too_large(&document).as_deref(), Some("teleports[20]"));
    let few = format!(
        r#"{{"initial": "s0", "states": {{{}}}, "teleports": [{}]}}"#,
        states.join(","),
        teleports[..1].join(",").replace("s0", "s1"),
    );
    assert!(compile(&few).is_err(), "only one state is reached");
    // 40 kB of wildcards, each of which stands for 40 kB.
    let wildcard = "y".repeat(40_000);
    let message = "<w>".repeat(10_000);
    let document = format!(
        r#"{{"initial": "a", "wildcards": {{"<w>": "{wildcard}"}}, "states": {{"a": {{"action": "nop", "args": {{"message": "{message}"}}}}}}}}"#
    );
    assert_eq!(is_too_large(&document).as_deref(), Some("states.a.args"));
    let wildcards: Vec<String> = (0..300).map(|n| format!(r#""<w{n}>": 1"#)).collect();
    let document = format!(
        r#"{{"initial": "a", "wildcards": {{{}}}, "states": {{"a": {{}}}}}}"#,
        wildcards.join(",")
    );
    assert_eq!(is_too_large(&document).as_deref(), Some("wildcards"));
}

#[test]
fn a_name_of_a_wildcard_is_checked() {
    for (name, reason) in [
        ("<agent>", "when the machine runs"),
        ("<playlist>", "when the machine runs"),
        ("w", "has the form <name>"),
        ("", "has the form <name>"),
        ("<a b>", "has the form <name>"),
        ("<a>b", "has the form <name>"),
    ] {
        let document =
            format!(r#"{{"initial": "a", "wildcards": {{"{name}": 1}}, "states": {{"a": {{}}}}}}"#);
        check_refused(&document, Some(&format!("wildcards.{name}")), reason);
    }
}

#[test]
fn what_is_doubtful_is_a_warning() {
    let unresolved =
        with_transition(r#""action": "nop", "args": {"message": "<who> and <agent>"}"#);
    let field = "states.a.transitions[0].args.message".to_owned();
    let unresolved_code = contract::behaviour::WarningCode::UnresolvedWildcard;
    assert_eq!(warnings(&unresolved), [(field, unresolved_code)]);
    let unused = r#"{"initial": "a", "states": {"a": {}}, "templates": {"t": {"initial": "x", "states": {}}}}"#;
    let unused_code = contract::behaviour::WarningCode::UnusedTemplate;
    assert_eq!(warnings(unused), [("templates.t".to_owned(), unused_code)]);
}
