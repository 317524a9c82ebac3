//! Agents learn: what they have learned survives whatever happens meanwhile.

mod functions;
mod kills;
mod remote;
mod school;

use serde_json::{Value, json};
use system_tests::Cluster;

use self::school::{School, mean_error, numbers};

/// The sum of the inputs, and more.
fn plane(points: &[[f64; 2]]) -> Vec<Value> {
    let heights = points.iter().map(|[x, y]| json!(2.0 * x - y + 3.0));
    heights.collect()
}

/// Points that look random.
fn points(count: usize, seed: u64) -> Vec<[f64; 2]> {
    let mut numbers = numbers(2 * count, seed).into_iter();
    (0..count)
        .map(|_| [numbers.next().unwrap(), numbers.next().unwrap()])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_an_agent_falls_when_it_is_taught() {
    let linear = json!({"regression": {"kind": "linear", "learning_rate": 0.5}});
    let school = School::begin(&[("student", linear), ("clerk", json!({"echo": {}}))]).await;
    let lesson = points(600, 1);
    let inputs = lesson.iter().map(|point| json!(point)).collect::<Vec<_>>();
    school.put("inputs", &inputs).await;
    school.put("targets", &plane(&lesson)).await;
    let exam = points(40, 2);
    let questions = exam.iter().map(|point| json!(point)).collect::<Vec<_>>();
    let before = school.process("student", &questions).await;

    let streams = json!({"stdin": ["teacher:inputs"], "stdtar": ["teacher:targets"]});
    let body = json!({"action": "learn", "streams": streams, "steps": 600});
    let learned = school.request(&["student", "clerk"], &body).await;
    let [student, clerk] = [0, 1].map(|index| &learned["targets"][index]);
    assert_eq!(
        (&student["status"], &student["steps_done"]),
        (&json!("completed"), &json!(600))
    );
    // The outputs of each step before it was learned.
    assert_eq!(student["output"][0]["stream"], "student:processor");
    assert_eq!(clerk["status"], "rejected");
    assert_eq!(clerk["reason"], "unknown_action");
    assert!(
        clerk["detail"]
            .as_str()
            .unwrap()
            .contains("no processor that learns"),
        "{clerk}"
    );

    let after = school.process("student", &questions).await;
    let expected = plane(&exam);
    let (before, after) = (
        mean_error(&before, &expected),
        mean_error(&after, &expected),
    );
    assert!(before > 1.0 && after < 0.01, "{before} {after}");

    // A run takes 256 samples at most, and each is an event.
    let versions = school.versions("student").await;
    assert!(versions.len() >= 3, "{versions:?}");
    let steps: u64 = versions
        .iter()
        .map(|version| version["steps"].as_u64().unwrap())
        .sum();
    assert_eq!(steps, 600);
    let losses: Vec<f64> = versions
        .iter()
        .map(|version| version["loss"].as_f64().unwrap())
        .collect();
    assert!(losses.last() < losses.first(), "{losses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_repeats_a_sequence_that_comes_with_the_request() {
    let school = School::begin(&[("student", json!({"markov": {"order": 4}}))]).await;
    let words = "the cat sat on the mat and the dog sat on the rug".split(' ');
    let words: Vec<Value> = words.map(|word| json!(word)).collect();
    let body = json!({"action": "learn", "samples": words});
    let learned = school.request(&["student"], &body).await;
    assert_eq!(learned["targets"][0]["status"], "completed", "{learned}");
    assert_eq!(school.process("student", &words).await, words);
    // The log gives the same state back.
    let mut school = school;
    let cluster: &mut Cluster = &mut school.cluster;
    cluster.stop("world");
    cluster.resume("world").await;
    assert_eq!(school.process("student", &words).await, words);
    let body = json!({"action": "learn", "samples": words, "arguments": {"reset": true}});
    school.request(&["student"], &body).await;
    let versions = school.versions("student").await;
    assert_eq!(
        versions[0]["weights"], versions[1]["weights"],
        "it began anew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_do_not_fit_in_one_commit_are_those_of_several_runs() {
    let markov = json!({"markov": {"order": 1}});
    let school = School::begin(&[("student", markov), ("copyist", json!({"echo": {}}))]).await;
    let page = |index: usize| json!(format!("{}{index}", "x".repeat(3000)));
    let pages: Vec<Value> = (0..250).map(page).collect();
    school.put("pages", &pages).await;
    let streams = json!({"stdin": ["teacher:pages"]});
    for (target, action) in [
        ("student", "learn"),
        ("student", "process"),
        ("copyist", "process"),
    ] {
        let body = json!({"action": action, "streams": streams, "steps": 250});
        let done = school.request(&[target], &body).await;
        let [done, steps] = ["status", "steps_done"].map(|field| done["targets"][0][field].clone());
        assert_eq!(
            (done, steps),
            (json!("completed"), json!(250)),
            "{target} {action}"
        );
    }
}
