//! Evaluations and comparisons.

use serde_json::{Value, json};

use super::super::super::Story;
use super::super::outcomes::worker;
use super::super::{append, declare, story};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    ("evaluate", an_output_is_evaluated, an_evaluation_fails),
    ("compare_eval", the_better_one_passes, nobody_passes),
];

/// A teacher that evaluates what a worker wrote for it, and compares it with a threshold.
fn exam(how: &str, thres: f64) -> Story {
    let teacher = json!({"initial": "ask", "states": {
        "ask": {"transitions": [{"action": "send", "to": "exam", "args": {"action_name": "process",
            "target": "w", "data_samples": ["q"], "wait_completion": true}}]},
        "exam": {"transitions": [{"action": "evaluate", "to": "marks", "on_failure": "lost", "args": {
            "stream_hash": "t:right", "how": how, "steps": 1, "agents_to_evaluate": "w"}}]},
        "marks": {"transitions": [
            {"action": "compare_eval", "to": "good", "args": {"cmp": "<=", "thres": thres}},
            {"action": "nop", "to": "bad"}]},
        "good": {}, "bad": {}, "lost": {}}});
    let mut story = story(&[("w", "worker", worker()), ("t", "teacher", json!(null))]);
    declare(&mut story, "t:right");
    append(&mut story, "t:right", &[json!("a")]);
    let definition = contract::behaviour::Definition::from_json(&teacher.to_string()).unwrap();
    let entity = "t".parse().unwrap();
    let put = contract::Command::PutBehaviour { entity, definition };
    story.send("world", put).unwrap();
    story.next_writes(&[json!("b")]);
    assert_eq!(story.state("t"), "exam");
    story
}

fn evaluated(story: &mut Story, errors: Value) {
    let run = story.open()[0];
    story.completes(run, &json!({"result": true, "evaluation": errors}), &[]);
}

fn an_output_is_evaluated() -> Story {
    let mut story = exam("max", 0.5);
    evaluated(&mut story, json!({"w": 0.25}));
    let found = story.behaviour("t").evaluation;
    assert_eq!(found.values().copied().collect::<Vec<_>>(), [0.25]);
    story
}

fn an_evaluation_fails() -> Story {
    let mut story = exam("mse", 0.5);
    let run = story.open()[0];
    story.fails(run, "not_numbers");
    assert_eq!(story.state("t"), "lost");
    story
}

fn the_better_one_passes() -> Story {
    let mut story = exam("max", 0.5);
    evaluated(&mut story, json!({"w": 0.25}));
    assert_eq!(story.state("t"), "good");
    assert_eq!(story.behaviour("t").valid_cmp, ["w".parse().unwrap()]);
    story
}

/// Neither with results that are too bad, nor without results, nor with a threshold below 0.
fn nobody_passes() -> Story {
    let mut story = exam("max", 0.1);
    evaluated(&mut story, json!({"w": 0.25}));
    assert_eq!(story.state("t"), "bad");
    assert!(story.behaviour("t").valid_cmp.is_empty());
    assert!(!story.uses("w", "compare_eval", json!({"cmp": "min", "thres": -1})));
    assert!(!story.uses("t", "compare_eval", json!({"cmp": "<=", "thres": -0.1})));
    assert!(!story.uses("t", "compare_eval", json!({"cmp": "==", "thres": 0.25})));
    story
}
