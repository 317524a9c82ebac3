//! A processor that users have built learns, and its workers are killed.

use serde_json::{Value, json};
use testkit::eventually;

use super::school::{School, numbers};
use crate::abilities::worker;

/// Three runs of up to 256 samples.
const SAMPLES: usize = 700;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_of_users_changes_nothing_of_what_is_learned() {
    let processor = || json!({"function": {"action": "nearest_centroid", "learns": true}});
    let school = School::begin(&[("control", processor()), ("student", processor())]).await;
    let numbers = numbers(2 * SAMPLES, 5);
    let animals: Vec<Value> = numbers.chunks(2).map(|numbers| json!(numbers)).collect();
    let names = numbers
        .chunks(2)
        .map(|numbers| json!(if numbers[0] < 0.0 { "cat" } else { "cow" }));
    school.put("animals", &animals).await;
    school.put("names", &names.collect::<Vec<_>>()).await;
    let streams = json!({"stdin": ["teacher:animals"], "stdtar": ["teacher:names"]});
    let lesson = json!({"action": "learn", "streams": streams, "steps": SAMPLES});
    let control = worker(&school.cluster, "nearest_centroid", "control");
    let learned = school.request(&["control"], &lesson).await;
    assert_eq!(learned["targets"][0]["status"], "completed", "{learned}");
    drop(control);

    let path = school.begin_request("student", &lesson).await;
    let first = worker(&school.cluster, "nearest_centroid", "first");
    eventually("something was learned", async || {
        !school.versions("student").await.is_empty()
    })
    .await;
    drop(first);
    let _second = worker(&school.cluster, "nearest_centroid", "second");
    let ended = school.ended(&path).await;
    assert_eq!(ended["targets"][0]["status"], "completed", "{ended}");
    assert_eq!(ended["targets"][0]["steps_done"], SAMPLES, "{ended}");

    let [control, student] = [
        school.versions("control").await,
        school.versions("student").await,
    ];
    let steps = student.iter().map(|version| version["steps"].as_u64());
    assert_eq!(steps.flatten().sum::<u64>(), SAMPLES as u64);
    let last = |versions: &[Value]| versions.last().unwrap()["weights"].clone();
    assert_eq!(last(&student), last(&control));
    assert_eq!(
        school
            .process("student", &[json!([-0.9, 0.0]), json!([0.9, 0.0])])
            .await,
        ["cat", "cow"]
    );
}
