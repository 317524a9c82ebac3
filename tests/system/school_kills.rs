//! A school whose services are killed in mid-lesson: the same grades, and the same weights.
//!
//! `SCHOOL_SEEDS=20` runs 20 seeds instead of those of every test run.

use std::path::Path;

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually;

/// The phases of the school, each by the states of the teacher in which it is over at the earliest.
const PHASES: &[(&str, &str)] = &[
    ("record", "cheetah_prepared"),
    ("engage", "connected"),
    ("learn", "begin_teaching"),
    ("between lessons", "change_lecture"),
    ("exam", "exam_time"),
    ("evaluate", "eval_time"),
    ("badge", "promote"),
];
/// All states of the teacher, in the order in which it comes to them.
const ORDER: &[&str] = &[
    "init",
    "exam_prepared",
    "albatross_prepared",
    "cheetah_prepared",
    "book_prepared",
    "searching",
    "connected",
    "can_engage",
    "engagement_complete",
    "begin_teaching",
    "student_finished_following",
    "change_lecture",
    "exam_time",
    "student_finished_exam",
    "eval_time",
    "good",
    "promote",
    "habilitate",
];
const SERVICES: &[&str] = &["agent-worker", "world", "gateway", "nats"];
const LAST: &str = "habilitate";

/// What came of one run of the school.
#[derive(Debug, PartialEq)]
struct Result {
    grades: Value,
    /// The last versions of the weights of each student at the exam.
    weights: Vec<String>,
    badges: Vec<String>,
}

struct School<'a> {
    cluster: &'a mut Cluster,
    id: String,
}

impl School<'_> {
    fn begin<'a>(cluster: &'a mut Cluster, id: &str) -> School<'a> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/worlds");
        let text = std::fs::read_to_string(folder.join("animal-school.yaml")).unwrap();
        let text = text.replace("id: animal-school", &format!("id: {id}"));
        let file = cluster.folder().join(format!("{id}.yaml"));
        std::fs::write(&file, text).unwrap();
        let url = cluster.gateways[0].base.clone();
        let environment = [("MANYWORLDS_URL".to_owned(), url)].into();
        let arguments = ["world", "apply", &file.display().to_string()];
        Process::output("manyworlds", &arguments, &environment, "");
        School {
            cluster,
            id: id.to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let path = format!("/v1/worlds/{}{path}", self.id);
        Http::get(&self.cluster.gateways, &path).await
    }

    /// The place of the teacher's state.
    async fn place(&self) -> usize {
        let behaviour = self.get("/entities/teacher/behaviour").await;
        let state = behaviour["state"].as_str().unwrap();
        let place = ORDER.iter().position(|known| *known == state);
        assert!(place.is_some(), "an unexpected state: {behaviour}");
        place.unwrap()
    }

    async fn reaches(&self, state: &str) {
        let wanted = ORDER.iter().position(|known| *known == state).unwrap();
        eventually(&format!("the teacher is in {state}"), async || {
            self.place().await >= wanted
        })
        .await;
    }

    async fn kill(&mut self, service: &str) {
        if service == "nats" {
            self.cluster.nats.kill();
            self.cluster.nats.restart();
            self.cluster.ready().await;
        } else {
            self.cluster.stop(service);
            self.cluster.resume(service).await;
        }
    }

    async fn result(&self) -> Result {
        self.reaches(LAST).await;
        let seq = self.get("/roster").await["seq"].clone();
        let events = async |event_type: &str| {
            let path = format!("/events?type={event_type}&limit=1000&wait_for={seq}");
            self.get(&path).await["events"].as_array().unwrap().clone()
        };
        let changes = events("behaviour.changed").await;
        let graded = changes
            .iter()
            .find(|event| event["data"]["evaluation"].is_object() && event["sender"] == "teacher");
        let graded = graded.unwrap();
        let order = |event: &Value| {
            let sequence = event["sequence"].as_str().unwrap();
            let (commit, index) = sequence.split_once('.').unwrap();
            (
                commit.parse::<u64>().unwrap(),
                index.parse::<u64>().unwrap(),
            )
        };
        let before = order(graded);
        let learned = events("processor.learned").await;
        let weights = ["ada", "bob"].map(|student| {
            let mut versions = learned
                .iter()
                .rev()
                .filter(|event| event["data"]["entity"] == student && order(event) < before);
            let last = versions.next().unwrap();
            last["data"]["weights"].as_str().unwrap().to_owned()
        });
        let badges = events("badge.awarded").await;
        let badges = badges
            .iter()
            .map(|event| event["data"]["entity"].as_str().unwrap().to_owned());
        Result {
            grades: graded["data"]["evaluation"].clone(),
            weights: weights.into(),
            badges: badges.collect(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::disallowed_methods,
    reason = "it configures this test, and no service"
)]
async fn kills_change_neither_grades_nor_weights() {
    let seeds = std::env::var("SCHOOL_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok());
    let seeds: usize = seeds.unwrap_or(3);
    let mut cluster = Cluster::start(Shape::default()).await;
    let control = School::begin(&mut cluster, "control").result().await;
    assert_eq!(control.badges, ["ada"]);
    assert_eq!(control.grades["ada"], json!(0.0));
    for seed in 0..seeds {
        // Each seed has another phase, and another service.
        let (phase, state) = PHASES[(seed * 2) % PHASES.len()];
        let service = SERVICES[(seed + seed / SERVICES.len()) % SERVICES.len()];
        let mut school = School::begin(&mut cluster, &format!("school-{seed}"));
        school.reaches(state).await;
        school.kill(service).await;
        let found = school.result().await;
        assert_eq!(
            found, control,
            "seed {seed}: {service} was killed at: {phase}"
        );
    }
}
