//! Templates: copies of their states, under names that are free.

use contract::behaviour::WarningCode;
use serde_json::json;

use super::{check_refused, compile, machine, state_names, transitions, warnings};

/// A template with an own state `searching`, which leads to `done`.
const ENGAGE: &str = r#"{"initial": "searching", "wildcards": {"<who>": "student", "<time>": 5},
    "states": {
        "searching": {"wait_seconds": "<time>", "transitions": [
            {"action": "find_agents", "args": {"role": "<who>"}, "to": "done"}]},
        "done": {"blocking": false}},
    "teleports": [{"from": "all", "action": "nop", "delay_seconds": "<time>", "to": "searching"}]}"#;

fn with_engage(rest: &str) -> String {
    format!(r#"{{"initial": "init", "templates": {{"engage": {ENGAGE}}}, {rest}}}"#)
}

#[test]
fn a_template_becomes_part_of_the_behaviour() {
    let machine = machine(&with_engage(
        r#""states": {"init": {"transitions": [{"action": "nop", "to": {"template": "engage"}}]}, "end": {}},
        "transitions": {"done": [{"action": "send_engage", "to": "end"}]},
        "teleports": [{"from": "all", "action": "disconnected", "to": "init"}]"#,
    ));
    assert_eq!(state_names(&machine), ["init", "end", "searching", "done"]);
    assert_eq!(transitions(&machine, "init"), ["nop -> searching"]);
    assert_eq!(
        transitions(&machine, "searching"),
        ["find_agents -> done", "disconnected ~> init"]
    );
    // The template's teleports come before those of the document, and leave its own states only.
    let done = [
        "send_engage -> end",
        "nop ~> searching",
        "disconnected ~> init",
    ];
    assert_eq!(transitions(&machine, "done"), done);
    assert_eq!(transitions(&machine, "end"), ["disconnected ~> init"]);
    let searching = machine.state(machine.find("searching").unwrap());
    assert_eq!(searching.wait.as_secs(), 5);
    assert_eq!(
        json!(searching.transitions[0].action.args),
        json!({"role": "student"})
    );
}

#[test]
fn a_state_whose_name_is_in_use_is_renamed() {
    let machine = machine(&with_engage(
        r#""states": {
            "init": {"transitions": [
                {"action": "nop", "to": {"template": "engage"}},
                {"action": "disengage_all", "to": {"template": "engage"}}]},
            "searching": {}},
        "transitions": {"done": [{"action": "nop", "to": "searching"}], "done.1": [{"action": "disengage_all", "to": "searching.2"}]}"#,
    ));
    let names = [
        "init",
        "searching",
        "searching.1",
        "done",
        "searching.2",
        "done.1",
    ];
    assert_eq!(state_names(&machine), names);
    assert_eq!(
        transitions(&machine, "init"),
        ["nop -> searching.1", "disengage_all -> searching.2"]
    );
    assert_eq!(
        transitions(&machine, "searching.1"),
        ["find_agents -> done"]
    );
    assert_eq!(
        transitions(&machine, "done"),
        ["nop -> searching", "nop ~> searching.1"]
    );
    assert_eq!(
        transitions(&machine, "searching.2"),
        ["find_agents -> done.1"]
    );
}

#[test]
fn a_free_name_is_not_that_of_another_state_of_the_template() {
    let machine = machine(
        r#"{"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": {"template": "t"}}]}},
        "templates": {"t": {"initial": "a", "states": {
            "a": {"transitions": [{"action": "nop", "to": "a.1"}]}, "a.1": {}}}}}"#,
    );
    assert_eq!(state_names(&machine), ["a", "a.2", "a.1"]);
    assert_eq!(transitions(&machine, "a"), ["nop -> a.2"]);
    assert_eq!(transitions(&machine, "a.2"), ["nop -> a.1"]);
}

#[test]
fn the_document_has_the_last_word_about_wildcards() {
    let machine = machine(&with_engage(
        r#""wildcards": {"<who>": ["a", "b"], "<time>": 9}, "states": {"init": {"transitions": [
            {"action": "nop", "args": {"message": "m"}, "to": {"template": "engage"}}]}}"#,
    ));
    let searching = machine.state(machine.find("searching").unwrap());
    assert_eq!(searching.wait.as_secs(), 9);
    assert_eq!(
        json!(searching.transitions[0].action.args),
        json!({"role": ["a", "b"]})
    );
    // The wildcards of a template mean nothing outside of it.
    let outside = with_engage(
        r#""states": {"init": {"transitions": [
            {"action": "nop", "args": {"message": "to <who>"}, "to": {"template": "engage"}}]}}"#,
    );
    let field = "states.init.transitions[0].args.message".to_owned();
    assert_eq!(
        warnings(&outside),
        [(field, WarningCode::UnresolvedWildcard)]
    );
}

#[test]
fn a_template_may_use_another() {
    let document = r#"{"initial": "x", "states": {"x": {"transitions": [{"action": "nop", "to": {"template": "outer"}}]}},
        "templates": {
            "inner": {"initial": "x", "wildcards": {"<m>": "inner", "<n>": "inner"}, "states": {
                "x": {"action": "nop", "args": {"message": "<m> <n>"}, "transitions": [{"action": "nop", "to": "y"}]}, "y": {}}},
            "outer": {"initial": "x", "wildcards": {"<m>": "outer"}, "states": {
                "x": {"transitions": [{"action": "nop", "to": {"template": "inner"}}]}, "z": {}},
                "transitions": {"y": [{"action": "nop", "to": "z"}, {"action": "nop", "to": "x.1"}]}}},
        "transitions": {"z": [{"action": "nop", "to": "x"}]}}"#;
    let machine = machine(document);
    assert_eq!(state_names(&machine), ["x", "x.1", "z", "x.2", "y"]);
    assert_eq!(transitions(&machine, "x"), ["nop -> x.1"]);
    assert_eq!(transitions(&machine, "x.1"), ["nop -> x.2"]);
    assert_eq!(transitions(&machine, "x.2"), ["nop -> y"]);
    // In the template `outer` the inner state `x` is `x.1`; in the document it is `x.2`.
    assert_eq!(transitions(&machine, "y"), ["nop -> z", "nop -> x.2"]);
    assert_eq!(transitions(&machine, "z"), ["nop -> x"]);
    let action = machine.states()[3].action.as_ref().unwrap();
    assert_eq!(json!(action.args), json!({"message": "outer inner"}));
}

#[test]
fn a_teleport_may_go_to_a_template() {
    let machine = machine(&with_engage(
        r#""states": {"init": {}}, "teleports": [{"from": "all", "action": "disengage_all", "to": {"template": "engage"}}]"#,
    ));
    assert_eq!(
        transitions(&machine, "init"),
        ["disengage_all ~> searching"]
    );
}

#[test]
fn faults_in_templates_have_their_path() {
    let uses = |template: &str| {
        format!(
            r#"{{"initial": "a", "states": {{"a": {{"transitions": [{{"action": "nop", "to": {{"template": "t"}}}}]}}}},
            "templates": {{"t": {template}}}}}"#
        )
    };
    let again = r#"{"initial": "x", "states": {"x": {"transitions": [{"action": "nop", "to": {"template": "t"}}]}}}"#;
    for (template, field, reason) in [
        (
            r#"{"initial": "y", "states": {"x": {}}}"#,
            "templates.t.initial",
            "unknown state: \"y\"",
        ),
        (
            r#"{"initial": "x", "states": {"x": {}, "y": {}}}"#,
            "templates.t.states.y",
            "no chain of transitions",
        ),
        (
            r#"{"initial": "x", "states": {"x": {"action": "fly"}}}"#,
            "templates.t.states.x.action",
            "unknown action",
        ),
        (
            r#"{"initial": "x", "states": {"x": {"transitions": [{"action": "nop", "to": "a"}]}}}"#,
            "templates.t.states.x.transitions[0].to",
            "unknown state: \"a\"",
        ),
        (
            r#"{"initial": "x", "states": {"x": {}}, "teleports": [{"from": "x", "action": "fly", "to": "x"}]}"#,
            "templates.t.teleports[0].action",
            "unknown action",
        ),
        (
            r#"{"initial": "x", "states": {"x": {}}, "templates": {}}"#,
            "templates.t.templates",
            "unknown field",
        ),
        (
            again,
            "templates.t.states.x.transitions[0].to.template",
            "part of itself",
        ),
    ] {
        check_refused(&uses(template), Some(field), reason);
    }
    let unknown = r#"{"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": {"template": "t"}}]}}}"#;
    let field = "states.a.transitions[0].to.template";
    check_refused(unknown, Some(field), "unknown template: \"t\"");
    // Each of nine templates uses the next one twice.
    let templates: Vec<String> = (0..9)
        .map(|n| {
            let to = |action| format!(r#"{{"action": "{action}", "to": {{"template": "t{}"}}}}"#, n + 1);
            let transitions = [to("nop"), to("disengage_all")].join(",");
            format!(r#""t{n}": {{"initial": "x", "states": {{"x": {{"transitions": [{transitions}]}}}}}}"#)
        })
        .collect();
    let document = format!(
        r#"{{"initial": "a", "states": {{"a": {{"transitions": [{{"action": "nop", "to": {{"template": "t0"}}}}]}}}},
        "templates": {{{}, "t9": {{"initial": "x", "states": {{"x": {{}}}}}}}}}}"#,
        templates.join(",")
    );
    let rejection = compile(&document).unwrap_err();
    assert!(
        rejection.detail.contains("more than 256 states"),
        "{rejection:?}"
    );
}
