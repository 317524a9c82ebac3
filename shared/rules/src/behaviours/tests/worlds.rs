//! Two machines of the reference, as our documents: a library of cats, and a school of animals.

use serde_json::json;

use super::{machine, state_names, transitions};
use crate::behaviours::{Machine, dot, mermaid};

/// Finds partners of a role, and engages them.
const ENGAGE: &str = r#"{"initial": "searching", "wildcards": {"<partner_role>": "student"},
    "states": {
        "searching": {"blocking": false, "wait_seconds": 5, "action": "disconnect_by_role",
            "args": {"role": "<partner_role>"}, "transitions": [
            {"action": "connect_by_role", "args": {"role": "<partner_role>"}, "to": "connected"}]},
        "connected": {"transitions": [
            {"action": "agents_are_waiting", "to": "connected"},
            {"action": "find_agents", "args": {"role": "<partner_role>", "handshake_completed": true}, "to": "can_engage"}]},
        "can_engage": {"blocking": false, "transitions": [
            {"action": "send_engage", "to": "engagement_complete"}]},
        "engagement_complete": {"blocking": false},
        "connection_timeout": {"transitions": [
            {"action": "find_agents", "args": {"role": "<partner_role>", "handshake_completed": true}, "to": "can_engage"}]}},
    "teleports": [
        {"from": "connected", "action": "nop", "delay_seconds": 45, "to": "connection_timeout"},
        {"from": "can_engage", "action": "nop", "delay_seconds": 7.5, "to": "searching"},
        {"from": "connection_timeout", "action": "nop", "to": "searching"}]}"#;

/// Teaches the streams of the playlist, then holds an exam.
const TEACH: &str = r#"{"initial": "begin_teaching",
    "wildcards": {"<lesson_steps>": 40, "<exam_steps>": 30, "<lesson_time>": 160, "<exam_time>": 120, "<error_max>": 0.65},
    "states": {
        "begin_teaching": {"blocking": false, "transitions": [
            {"action": "send", "args": {"action_name": "learn", "streams": {"stdin": ["<playlist>"], "stdtar": ["<playlist>"]},
                "num_steps": "<lesson_steps>", "timeout": "<lesson_time>", "wait_completion": true},
             "retry_seconds": "<lesson_time>", "max_seconds": "<lesson_time>", "to": "lesson_over"}]},
        "lesson_over": {"blocking": false, "transitions": [{"action": "nop", "to": "change_lesson"}]},
        "change_lesson": {"blocking": false, "action": "next_pref_stream", "transitions": [
            {"action": "check_pref_stream", "args": {"what": "not_first"}, "to": "begin_teaching"},
            {"action": "check_pref_stream", "args": {"what": "first"}, "to": "exam"}]},
        "exam": {"blocking": false, "transitions": [
            {"action": "send", "args": {"action_name": "process", "streams": ["<agent>:recorded1"],
                "num_steps": "<exam_steps>", "timeout": "<exam_time>", "wait_completion": true},
             "retry_seconds": "<exam_time>", "max_seconds": "<exam_time>", "to": "exam_over"}]},
        "exam_over": {"blocking": false, "transitions": [{"action": "nop", "to": "grading"}]},
        "grading": {"blocking": false, "wait_seconds": 3, "action": "evaluate",
            "args": {"stream_hash": "<agent>:recorded1", "how": "max", "steps": "<exam_steps>", "re_offset": true},
            "transitions": [
            {"action": "compare_eval", "args": {"cmp": "<=", "thres": "<error_max>"}, "to": "good"},
            {"action": "nop", "to": "bad"}]},
        "good": {"blocking": false},
        "bad": {"blocking": false}}}"#;

fn library() -> Machine {
    machine(&format!(
        r#"{{"initial": "init",
        "wildcards": {{"<lesson_steps>": 998, "<exam_steps>": 998, "<lesson_time>": 120, "<error_max>": 0.2}},
        "states": {{
            "init": {{"transitions": [{{"action": "record", "retry_seconds": 10, "to": "book_prepared",
                "args": {{"streams": ["<world>:cats"], "num_steps": 998, "record_uuid": null}}}}]}},
            "book_prepared": {{"transitions": [{{"action": "nop", "to": {{"template": "engage"}}}}]}}}},
        "transitions": {{"engagement_complete": [{{"action": "set_pref_streams", "to": {{"template": "teach"}},
            "args": {{"net_hashes": ["<agent>:recorded1"], "repeat": 50}}}}]}},
        "templates": {{"engage": {ENGAGE}, "teach": {TEACH}}}}}"#
    ))
}

#[test]
fn the_teacher_of_the_library() {
    let machine = library();
    assert_eq!(machine.states().len(), 15);
    assert_eq!(transitions(&machine, "book_prepared"), ["nop -> searching"]);
    let connected = [
        "agents_are_waiting -> connected",
        "find_agents -> can_engage",
        "nop ~> connection_timeout",
    ];
    assert_eq!(transitions(&machine, "connected"), connected);
    assert_eq!(
        transitions(&machine, "engagement_complete"),
        ["set_pref_streams -> begin_teaching"]
    );
    assert_eq!(
        transitions(&machine, "grading"),
        ["compare_eval -> good", "nop -> bad"]
    );
    let lesson = &machine
        .state(machine.find("begin_teaching").unwrap())
        .transitions[0];
    assert_eq!((lesson.max.as_secs(), lesson.retry.as_secs()), (120, 120));
    assert_eq!(lesson.action.args["num_steps"], json!(998));
    let record = &machine.states()[0].transitions[0].action;
    assert_eq!(
        json!(record.interaction),
        json!({"streams": ["<world>:cats"], "num_steps": 998})
    );
    assert_eq!(dot(&machine).matches(" -> ").count(), 19);
    assert_eq!(mermaid(&machine).matches(" --> ").count(), 20);
}

#[test]
fn the_students() {
    let machine = machine(
        r#"{"initial": "init", "states": {
            "init": {"transitions": [{"action": "engage", "args": {"acceptable_role": "teacher"}, "ready": false, "to": "teacher_engaged"}]},
            "teacher_engaged": {"transitions": [
                {"action": "learn", "ready": false, "to": "finished_learning"},
                {"action": "process", "ready": false, "to": "finished_exam"},
                {"action": "disengage", "ready": false, "to": "init"}]},
            "finished_learning": {"transitions": [{"action": "nop", "to": "teacher_engaged"}]},
            "finished_exam": {"transitions": [{"action": "nop", "to": "teacher_engaged"}]}}}"#,
    );
    let engaged = [
        "(learn) -> finished_learning",
        "(process) -> finished_exam",
        "(disengage) -> init",
    ];
    assert_eq!(transitions(&machine, "teacher_engaged"), engaged);
    assert!(machine.serves("engage") && machine.serves("learn"));
    assert!(!machine.serves("subscribe") && !machine.serves("send"));
}

#[test]
fn the_teacher_of_the_school() {
    let lessons = ["all", "albatross", "cheetah", "giraffe"];
    let mut states = String::new();
    for (index, lesson) in lessons.iter().enumerate() {
        let steps = if index == 0 { 30 } else { 40 };
        states += &format!(
            r#""record_{index}": {{"transitions": [{{"action": "record", "to": "record_{}", "retry_seconds": 10,
                "args": {{"streams": ["<world>:{lesson}"], "num_steps": {steps}, "record_uuid": null}}}}]}},"#,
            index + 1
        );
    }
    let machine = machine(&format!(
        r#"{{"initial": "record_0", "states": {{{states}
            "record_4": {{"transitions": [{{"action": "nop", "to": {{"template": "engage"}}}}]}},
            "badge": {{"blocking": false, "action": "suggest_badges_to_world",
                "args": {{"agent": "<valid_cmp>", "score": 1, "badge_type": "completed"}}, "transitions": [
                {{"action": "suggest_role_to_world", "args": {{"agent": "<valid_cmp>", "role": "teacher"}}, "to": "promote"}}]}},
            "promote": {{"transitions": [{{"action": "send_disengage", "to": "end"}}]}},
            "end": {{}}}},
        "transitions": {{
            "engagement_complete": [{{"action": "set_pref_streams", "to": {{"template": "teach"}},
                "args": {{"net_hashes": ["<agent>:recorded2", "<agent>:recorded3", "<agent>:recorded4"]}}}}],
            "good": [{{"action": "nop", "to": "badge"}}],
            "bad": [{{"action": "send_disengage", "to": "end"}}]}},
        "templates": {{"engage": {ENGAGE}, "teach": {TEACH}}}}}"#
    ));
    assert_eq!(machine.states().len(), 21);
    assert_eq!(transitions(&machine, "record_4"), ["nop -> searching"]);
    assert_eq!(transitions(&machine, "bad"), ["send_disengage -> end"]);
    assert_eq!(state_names(&machine)[0], "record_0");
    let grading = machine.state(machine.find("grading").unwrap());
    assert_eq!(grading.transitions[0].action.args["thres"], json!(0.65));
}
