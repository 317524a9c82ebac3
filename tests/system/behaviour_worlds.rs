//! The example worlds of behaviours: each runs to its end by itself, and has the result that it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually_within;

/// Within this time each of the worlds is at its end; the longest lessons have 50,000 samples.
const END: Duration = Duration::from_secs(180);

/// A system with one world of `deploy/worlds` in it, in which some lines are replaced.
struct School {
    cluster: Cluster,
    world: String,
}

impl School {
    async fn open(world: &str, replaced: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/worlds");
        let mut text = fs::read_to_string(folder.join(format!("{world}.yaml"))).unwrap();
        for (line, by) in replaced {
            assert!(text.contains(line), "{world} has no {line}");
            text = text.replace(line, by);
        }
        let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
        fs::write(file.path(), text).unwrap();
        let cluster = Cluster::start(Shape::default()).await;
        let url = cluster.gateways[0].base.clone();
        let environment = BTreeMap::from([("MANYWORLDS_URL".to_owned(), url)]);
        let path = file.path().display().to_string();
        Process::output("manyworlds", &["world", "apply", &path], &environment, "");
        let world = world.to_owned();
        Self { cluster, world }
    }

    async fn get(&self, path: &str) -> Value {
        let path = format!("/v1/worlds/{}{path}", self.world);
        Http::get(&self.cluster.gateways, &path).await
    }

    async fn behaviour(&self, entity: &str) -> Value {
        self.get(&format!("/entities/{entity}/behaviour")).await
    }

    /// Waits until the machines of these entities are in a state out of which nothing leads.
    async fn ends_in(&self, entities: &[&str], state: &str) {
        let name = format!("{entities:?} of {} in {state}", self.world);
        eventually_within(END, &name, async || {
            for entity in entities {
                let behaviour = self.behaviour(entity).await;
                assert_eq!(behaviour["pause_reason"], Value::Null, "{behaviour}");
                if behaviour["state"] != state {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// The badges that are recorded when the newest commit is in the archive: type, and whose.
    async fn badges(&self) -> Vec<(String, String)> {
        let seq = self.get("/roster").await["seq"].clone();
        let page = self.get(&format!("/badges?wait_for={seq}")).await;
        let badges = page["badges"].as_array().unwrap().iter();
        let text = |badge: &Value, field: &str| badge[field].as_str().unwrap().to_owned();
        badges
            .map(|badge| (text(badge, "type"), text(badge, "entity")))
            .collect()
    }

    async fn role(&self, entity: &str) -> Value {
        let roster = self.get("/roster").await;
        let mut entries = roster["roster"].as_array().unwrap().iter();
        let entry = entries.find(|entry| entry["entity"] == entity);
        entry.unwrap()["role"].clone()
    }

    async fn samples(&self, owner: &str, stream: &str) -> Vec<Value> {
        let path = format!("/streams/{owner}/{stream}/samples?limit=1000");
        let page = self.get(&path).await;
        let samples = page["samples"].as_array().unwrap().iter();
        samples.map(|sample| sample["value"].clone()).collect()
    }

    /// The states to which the machine of an entity went, in order.
    async fn states(&self, entity: &str) -> Vec<String> {
        let path = "/events?type=behaviour.transitioned&limit=1000&after=0.0";
        let page = self.get(path).await;
        let events = page["events"].as_array().unwrap().iter();
        let of_entity = events.filter(|event| event["data"]["entity"] == entity);
        of_entity
            .map(|event| event["data"]["to"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn error_of(behaviour: &Value, student: &str) -> f64 {
    behaviour["evaluation"][student].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_learns_a_book_by_heart() {
    let school = School::open("cat-library", &[]).await;
    school.ends_in(&["teacher"], "good").await;
    let teacher = school.behaviour("teacher").await;
    assert!(error_of(&teacher, "student") <= 0.2, "{teacher}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_without_lessons_does_not_know_the_book() {
    let first =
        "- {action: set_pref_streams, args: {net_hashes: [\"<agent>:recorded1\"], repeat: 50}";
    let without = format!("- {{action: nop, to: exam_time}}\n          {first}");
    let school = School::open("cat-library", &[(first, &without)]).await;
    school.ends_in(&["teacher"], "bad").await;
    let teacher = school.behaviour("teacher").await;
    assert!(error_of(&teacher, "student") > 0.2, "{teacher}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_student_that_remembers_is_promoted() {
    let school = School::open("animal-school", &[]).await;
    school.ends_in(&["teacher"], "habilitate").await;
    let ada = ("completed".to_owned(), "ada".to_owned());
    assert_eq!(school.badges().await, [ada]);
    assert_eq!(school.role("ada").await, "teacher");
    assert_eq!(school.role("bob").await, "student");
}

#[tokio::test(flavor = "multi_thread")]
async fn students_without_lessons_get_no_badges() {
    let first = "engagement_complete:\n          - action: set_pref_streams";
    let without = "engagement_complete:\n          - {action: nop, to: exam_time}\n          - action: set_pref_streams";
    let school = School::open("animal-school", &[(first, without)]).await;
    school.ends_in(&["teacher"], "goodbye").await;
    assert_eq!(school.badges().await, []);
    assert_eq!(school.role("ada").await, "student");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_predicts_a_signal_that_it_was_never_taught() {
    let school = School::open("signal-school", &[]).await;
    school.ends_in(&["teacher"], "very_good").await;
    let teacher = school.behaviour("teacher").await;
    assert!(error_of(&teacher, "student") <= 0.2, "{teacher}");
    let states = school.states("teacher").await;
    assert!(!states.contains(&"bad".to_owned()), "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_without_lessons_predicts_no_signal() {
    let taught = "repeat: 4\n            to: begin_teaching";
    let untaught = "repeat: 4\n            to: exam_time";
    let end = "transitions: [{action: first_pref_stream, to: begin_teaching}]";
    let failed = "transitions: [{action: first_pref_stream, ready: false, to: begin_teaching}]";
    let school = School::open("signal-school", &[(taught, untaught), (end, failed)]).await;
    school.ends_in(&["teacher"], "bad").await;
    let teacher = school.behaviour("teacher").await;
    assert!(error_of(&teacher, "student") > 0.2, "{teacher}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_a_chat_is_received_once_whatever_is_killed() {
    let mut school = School::open("broadcast-chat", &[]).await;
    let users = ["ann", "bob", "cleo"];
    // Workers and the world are killed in the middle of it.
    for count in [1, 3] {
        let name = format!("ann has received {count}");
        eventually_within(END, &name, async || {
            school.samples("ann", "inbox").await.len() >= count
        })
        .await;
        for service in ["agent-worker", "world"] {
            school.cluster.stop(service);
            school.cluster.resume(service).await;
        }
    }
    school.ends_in(&users, "done").await;
    let mut written = BTreeMap::new();
    for user in users {
        let texts = school.samples(user, "processor").await;
        assert_eq!(texts.len(), 3, "{user}");
        written.insert(user, texts);
    }
    for user in users {
        let others = written.iter().filter(|(other, _)| **other != user);
        let messages = others.flat_map(|(other, texts)| {
            texts
                .iter()
                .map(move |text| json!(format!("**{other}:** {}", text.as_str().unwrap())))
        });
        let mut expected: Vec<String> = messages.map(|message| message.to_string()).collect();
        let inbox = school.samples(user, "inbox").await;
        let mut received: Vec<String> = inbox.iter().map(Value::to_string).collect();
        expected.sort_unstable();
        received.sort_unstable();
        assert_eq!(received, expected, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_student_with_a_memory_keeps_the_first_class() {
    let school = School::open("class-incremental", &[]).await;
    school.ends_in(&["teacher"], "finished").await;
    let scores = school.samples("teacher", "scores").await;
    let of = |student: &str, lessons: u64| {
        let mut scores = scores.iter();
        let score = scores.find(|score| score["student"] == student && score["lessons"] == lessons);
        let accuracy = &score.unwrap()["accuracy"];
        ["albatross", "cheetah", "giraffe"].map(|class| accuracy[class].as_f64().unwrap())
    };
    assert_eq!(scores.len(), 6, "{scores:?}");
    for student in ["ada", "bob"] {
        assert!(of(student, 1)[0] >= 0.9, "{scores:?}");
    }
    let [albatross, cheetah, giraffe] = of("ada", 3);
    assert!(albatross >= 0.8 && cheetah >= 0.8 && giraffe >= 0.8);
    // Without a memory it knows the last class only.
    let [albatross, _, giraffe] = of("bob", 3);
    assert!(albatross <= 0.2 && giraffe >= 0.8);
}

#[tokio::test(flavor = "multi_thread")]
async fn students_learn_from_the_best_of_them() {
    let school = School::open("social-learning", &[]).await;
    school.ends_in(&["teacher"], "finished").await;
    let badges = school.badges().await;
    let of = |wanted: &str| -> BTreeSet<&str> {
        let badges = badges.iter().filter(|(kind, _)| kind == wanted);
        badges.map(|(_, entity)| entity.as_str()).collect()
    };
    assert_eq!(of("intermediate"), BTreeSet::from(["ada"]));
    // Who learns from the teacher only has forgotten too much.
    assert_eq!(of("completed"), BTreeSet::from(["ada", "bob"]));
    let answers = school.samples("ada", "best_student_stream").await;
    assert_eq!(answers.len(), 60);
    let states = school.states("bob").await;
    let studied = states.iter().filter(|state| *state == "studying").count();
    assert_eq!(studied, 2, "{states:?}");
    school.ends_in(&["ada", "bob", "cleo"], "init").await;
}
