//! What agents wrote is evaluated, and the results are compared.

use serde_json::{Value, json};
use system_tests::Cluster;

use super::world::{World, states, worker};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    41 those_who_pass_a_comparison_are_kept,
    42 a_comparison_may_be_turned_round,
    43 a_comparison_that_makes_no_sense_passes_nobody,
    45 a_missing_sample_counts_as_the_worst,
    47 what_can_not_be_compared_is_false,
    54 a_wrong_sample_counts_once,
];

/// A teacher that lets a worker process what is in `t:questions`, then evaluates it, and waits.
fn exam(steps: u32, evaluated: u32) -> Value {
    states(json!({
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": "w", "streams": {"stdin": ["t:questions"]}, "num_steps": steps,
            "wait_completion": true}}]},
        "b": {"transitions": [{"action": "evaluate", "to": "marks", "args": {"stream_hash": "t:answers",
            "how": "max", "steps": evaluated, "agents_to_evaluate": "w"}}]},
        "marks": {}}))
}

fn texts(values: &[&str]) -> Vec<Value> {
    values.iter().map(|value| json!(value)).collect()
}

/// The world of an exam: so many questions, and these answers.
async fn sits<'a>(
    cluster: &'a Cluster,
    id: &str,
    questions: &[&str],
    answers: &[&str],
    evaluated: u32,
) -> World<'a> {
    let agents = [("w", "worker", worker()), ("t", "teacher", json!(null))];
    let world = World::new(cluster, id, &agents).await;
    world.put_stream("t:questions", &texts(questions)).await;
    world.put_stream("t:answers", &texts(answers)).await;
    let steps = u32::try_from(questions.len()).unwrap();
    world.put("t", exam(steps, evaluated)).await;
    world
}

async fn a_wrong_sample_counts_once(cluster: &Cluster) {
    let answers = ["echo 1", "echo 2", "echo 3", "wrong"];
    let world = sits(cluster, "c54", &["1", "2", "3", "4"], &answers, 4).await;
    world.reaches("t", "marks").await;
    assert_eq!(world.behaviour("t").await["evaluation"], json!({"w": 0.25}));
    assert!(
        !world
            .uses("t", "compare_eval", json!({"cmp": "<=", "thres": 0.2}))
            .await
    );
    assert!(
        world
            .uses("t", "compare_eval", json!({"cmp": "<=", "thres": 0.3}))
            .await
    );
}

async fn a_missing_sample_counts_as_the_worst(cluster: &Cluster) {
    let answers = ["echo 1", "echo 2", "echo 3", "echo 4"];
    let world = sits(cluster, "c45", &["1", "2", "3"], &answers, 4).await;
    world.reaches("t", "marks").await;
    assert_eq!(world.behaviour("t").await["evaluation"], json!({"w": 0.25}));
}

/// More steps than there are samples, an agent that wrote nothing, and a tag that is too early.
async fn what_can_not_be_compared_is_false(cluster: &Cluster) {
    let world = sits(cluster, "c47", &["1"], &["echo 1"], 2).await;
    world.reaches("t", "b").await;
    assert_eq!(world.behaviour("t").await["running"], Value::Null);
    // The second answer makes it possible, with a sample that is missing.
    world.append("t:answers", &texts(&["echo 2"])).await;
    world.reaches("t", "marks").await;
    assert_eq!(world.behaviour("t").await["evaluation"], json!({"w": 0.5}));
    let nobody = states(
        json!({"a": {"transitions": [{"action": "evaluate", "to": "b", "args": {
        "stream_hash": "t:answers", "how": "max", "steps": 1, "agents_to_evaluate": "t"}},
        {"action": "nop", "to": "none"}]}, "b": {}, "none": {}}),
    );
    world.put("t", nobody).await;
    world.reaches("t", "none").await;
    let early = states(json!({
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": "w", "data_samples": ["1", "2"], "wait_completion": true}}]},
        "b": {"transitions": [{"action": "evaluate", "to": "marks", "args": {"stream_hash": "t:late",
            "how": "max", "steps": 2, "agents_to_evaluate": "w"}}, {"action": "nop", "to": "early",
            "delay_seconds": 0.5}]},
        "marks": {}, "early": {}}));
    world
        .put_stream("t:late", &texts(&["x", "y", "echo 1", "echo 2"]))
        .await;
    world.put("t", early).await;
    world.reaches("t", "early").await;
}

/// The errors .1, .3 and .5 of `x`, `y` and `z`, which have processed ten samples each.
async fn graded<'a>(cluster: &'a Cluster, id: &str) -> World<'a> {
    let agents = [
        ("x", "worker", worker()),
        ("y", "worker", worker()),
        ("z", "worker", worker()),
        ("t", "teacher", json!(null)),
    ];
    let world = World::new(cluster, id, &agents).await;
    world
        .put_stream("t:right", &vec![json!("echo a"); 10])
        .await;
    let ask = |target: &str, wrong: usize, to: &str| {
        let samples: Vec<&str> = (0..10).map(|n| if n < wrong { "b" } else { "a" }).collect();
        json!({"transitions": [{"action": "send", "to": to, "args": {"action_name": "process",
            "target": target, "data_samples": samples, "wait_completion": true}}]})
    };
    let machine = states(json!({
        "a": ask("x", 1, "ask_y"), "ask_y": ask("y", 3, "ask_z"), "ask_z": ask("z", 5, "exam"),
        "exam": {"transitions": [{"action": "evaluate", "to": "marks", "args": {"stream_hash": "t:right",
            "how": "max", "steps": 10, "agents_to_evaluate": ["x", "y", "z"]}}]},
        "marks": {}}));
    world.put("t", machine).await;
    world.reaches("t", "marks").await;
    assert_eq!(
        world.behaviour("t").await["evaluation"],
        json!({"x": 0.1, "y": 0.3, "z": 0.5})
    );
    world
}

/// Whether a comparison is true, and who passes it.
async fn compare(world: &World<'_>, arguments: Value) -> (bool, Value) {
    let is_true = world.uses("t", "compare_eval", arguments).await;
    (is_true, world.behaviour("t").await["valid_cmp"].clone())
}

async fn those_who_pass_a_comparison_are_kept(cluster: &Cluster) {
    let world = graded(cluster, "c41").await;
    for (cmp, thres, passers) in [
        ("<=", 0.3, json!(["x", "y"])),
        ("<", 0.3, json!(["x"])),
        (">=", 0.3, json!(["y", "z"])),
        (">", 0.5, json!([])),
        ("min", -1.0, json!(["x"])),
        ("max", -1.0, json!(["z"])),
        ("min", 0.05, json!([])),
        ("max", 0.4, json!(["z"])),
    ] {
        let (is_true, found) = compare(&world, json!({"cmp": cmp, "thres": thres})).await;
        assert_eq!(found, passers, "{cmp} {thres}");
        assert_eq!(is_true, passers != json!([]), "{cmp} {thres}");
    }
}

async fn a_comparison_may_be_turned_round(cluster: &Cluster) {
    let world = graded(cluster, "c42").await;
    let turned = json!({"cmp": "<=", "thres": 0.3, "good_if_true": false});
    assert_eq!(compare(&world, turned).await, (true, json!(["z"])));
    // Who passed is whom the wildcard stands for.
    let badge = json!({"agent": "<valid_cmp>", "score": 0.5});
    assert!(world.uses("t", "suggest_badges_to_world", badge).await);
    assert_eq!(world.count("badge.awarded").await, 1);
}

async fn a_comparison_that_makes_no_sense_passes_nobody(cluster: &Cluster) {
    let world = graded(cluster, "c43").await;
    for (cmp, thres) in [("==", 0.3), ("<=", -0.1)] {
        let before = compare(&world, json!({"cmp": "min", "thres": -1})).await;
        assert_eq!(before, (true, json!(["x"])));
        let found = compare(&world, json!({"cmp": cmp, "thres": thres})).await;
        assert_eq!(found, (false, json!([])), "{cmp} {thres}");
    }
    assert!(
        !world
            .uses("x", "compare_eval", json!({"cmp": "min", "thres": -1}))
            .await
    );
}
