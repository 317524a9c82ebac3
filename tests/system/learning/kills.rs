//! Workers and worlds that are killed while an agent learns.

use serde_json::{Value, json};
use testkit::eventually;

use super::school::{School, numbers};

const SAMPLES: usize = 700;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_changes_nothing_of_what_is_learned() {
    // So many steps that a run takes a while.
    let config = || {
        json!({"regression": {
            "kind": "softmax", "passes": 20, "replay": {"samples": 100, "per_step": 20},
        }})
    };
    let mut school = School::begin(&[("control", config()), ("student", config())]).await;
    let numbers = numbers(40 * SAMPLES, 3);
    let inputs = numbers.chunks(40).map(|numbers| json!(numbers));
    let inputs: Vec<Value> = inputs.collect();
    let classes = numbers
        .chunks(40)
        .map(|numbers| json!(if numbers[0] < 0.0 { "a" } else { "b" }));
    school.put("inputs", &inputs).await;
    school.put("classes", &classes.collect::<Vec<_>>()).await;
    let streams = json!({"stdin": ["teacher:inputs"], "stdtar": ["teacher:classes"]});
    let lesson = json!({"action": "learn", "streams": streams, "steps": SAMPLES});
    let learned = school.request(&["control"], &lesson).await;
    assert_eq!(learned["targets"][0]["status"], "completed", "{learned}");

    let path = school.begin_request("student", &lesson).await;
    for kills in 0..3 {
        eventually("a worker has it", async || {
            school.get(&path).await["targets"][0]["status"] == "running"
        })
        .await;
        if kills == 2 {
            school.cluster.stop("world");
            school.cluster.resume("world").await;
        }
        school.cluster.stop("agent-worker");
        school.cluster.resume("agent-worker").await;
    }
    let ended = school.ended(&path).await;
    assert_eq!(ended["targets"][0]["status"], "completed", "{ended}");
    assert_eq!(ended["targets"][0]["steps_done"], SAMPLES, "{ended}");

    let [control, student] = [
        school.versions("control").await,
        school.versions("student").await,
    ];
    let steps = |versions: &[Value]| {
        let steps = versions
            .iter()
            .map(|version| version["steps"].as_u64().unwrap());
        steps.sum::<u64>()
    };
    assert_eq!(
        (steps(&control), steps(&student)),
        (SAMPLES as u64, SAMPLES as u64)
    );
    assert_eq!(
        student.last().unwrap()["weights"],
        control.last().unwrap()["weights"],
        "{student:?}"
    );
    assert_eq!(
        school.process("student", &inputs[..50]).await,
        school.process("control", &inputs[..50]).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lessons_of_one_student_at_once_are_both_learned() {
    let school = School::begin(&[("student", json!({"markov": {"order": 1}}))]).await;
    let sequence = |name: &str| {
        (0..600)
            .map(|index| json!(format!("{name}{}", index % 7)))
            .collect::<Vec<_>>()
    };
    let mut paths = Vec::new();
    for name in ["a", "b", "c"] {
        school.put(name, &sequence(name)).await;
        let streams = json!({"stdin": [format!("teacher:{name}")]});
        let body = json!({"action": "learn", "streams": streams, "steps": 600});
        paths.push(school.begin_request("student", &body).await);
    }
    for path in &paths {
        let ended = school.ended(path).await;
        assert_eq!(ended["targets"][0]["status"], "completed", "{ended}");
    }
    for name in ["a", "b", "c"] {
        let sequence = &sequence(name)[..20];
        let outputs = school.process("student", sequence).await;
        assert_eq!(outputs[1..], sequence[1..], "{name}");
    }
}
