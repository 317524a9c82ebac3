//! Processors in Rust.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use manyworlds_sdk::contract::interaction::NewInteraction;
use manyworlds_sdk::contract::processor::ProcessorLearned;
use manyworlds_sdk::contract::{Command, Fact};
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{Config, Error, Processor, ProcessorStep, Worker};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const WORLD: &str = "
id: school
entities:
  - {id: teacher, kind: user}
  - id: student
    kind: agent
    agent:
      processor: {function: {action: running_mean, learns: true, lookback: 2, options: {scale: 0.1}}}
streams:
  teacher:numbers: {type: number, generator: {sine: {period: 7.3, count: 600}}}
";

/// The mean of what it was taught, times the option `scale`, and of the samples before.
struct RunningMean {
    /// How many more samples it takes before it fails once.
    fails_after: Arc<AtomicU32>,
}

#[derive(Default, Serialize, Deserialize)]
struct Taught {
    count: u64,
    mean: f64,
}

impl Processor for RunningMean {
    type Weights = Taught;

    async fn forward(&self, taught: &Taught, step: &ProcessorStep<'_>) -> Result<Value, Error> {
        let scale = step.options["scale"].as_f64().unwrap();
        let before = step.preceding.iter();
        let before = before.map(|sample| sample.get().parse::<f64>().unwrap());
        Ok(json!(taught.mean * scale + before.sum::<f64>()))
    }

    async fn backward(&self, taught: &mut Taught, step: &ProcessorStep<'_>) -> Result<f64, Error> {
        let number: f64 = step.input()?;
        taught.count += 1;
        let error = number - taught.mean;
        taught.mean += error / taught.count as f64;
        if self.fails_after.fetch_sub(1, Ordering::Relaxed) == 1 {
            return Err(Error::failed("invalid_sample", "it is one too many"));
        }
        Ok(error * error)
    }
}

fn worker(fails_after: u32) -> Worker {
    let fails_after = Arc::new(AtomicU32::new(fails_after));
    let builder = Worker::builder().processor("running_mean", RunningMean { fails_after });
    builder.build(Config::default()).unwrap()
}

fn request(world: &mut TestWorld, request: Value) {
    let request: NewInteraction = serde_json::from_value(request).unwrap();
    let request = Command::RequestInteraction(request);
    world.command("teacher", request).unwrap();
}

fn learned(world: &TestWorld) -> Vec<ProcessorLearned> {
    let facts = world.facts().into_iter();
    let learned = facts.filter_map(|fact| match fact {
        Fact::ProcessorLearned(learned) => Some(learned),
        _ => None,
    });
    learned.collect()
}

fn written(world: &TestWorld) -> Vec<String> {
    let facts = world.facts().into_iter();
    let appended = facts.filter_map(|fact| match fact {
        Fact::StreamAppended(appended) if appended.stream.owner.as_str() == "student" => {
            Some(appended.values)
        }
        _ => None,
    });
    let values = appended.flatten();
    values.map(|value| value.get().to_owned()).collect()
}

/// What was learned last, and all outputs, when the numbers are taught so many at a time.
async fn teach(at_once: usize, fails_after: u32) -> (String, u32, Vec<String>) {
    let worker = worker(fails_after);
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let mut steps = 0;
    while steps < 600 {
        let samples: Vec<f64> = (steps..steps + at_once)
            .map(|number| f64::from(u32::try_from(number).unwrap()).sin())
            .collect();
        request(
            &mut world,
            json!({"action": "learn", "targets": ["student"], "samples": samples}),
        );
        world.run(&worker).await.unwrap();
        steps += at_once;
    }
    let learned = learned(&world);
    let taught = learned.iter().map(|learned| learned.steps).sum();
    let last = learned.last().unwrap();
    assert!(last.loss.unwrap() > 0.0);
    (last.weights.clone(), taught, written(&world))
}

#[tokio::test(start_paused = true)]
async fn the_weights_are_the_same_in_however_many_runs_they_were_learned() {
    // 600 samples are three runs: 256, 256 and 88.
    let (weights, taught, outputs) = teach(600, 0).await;
    assert_eq!((taught, outputs.len()), (600, 600));
    let (one_by_one, taught, _) = teach(1, 0).await;
    assert_eq!((&one_by_one, taught), (&weights, 600));
    // The step that failed is no part of what was learned before it, and of what is reported.
    let (after_failure, taught, after) = teach(600, 300).await;
    assert_eq!((taught, after.len()), (600, 600));
    assert_eq!((after_failure, after), (weights, outputs));
}

#[tokio::test(start_paused = true)]
async fn what_was_learned_is_used_and_a_step_that_fails_ends_the_request() {
    let worker = worker(4);
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let streams = json!({"stdin": ["teacher:numbers"]});
    request(
        &mut world,
        json!({"action": "learn", "targets": ["student"], "streams": streams, "steps": 3}),
    );
    world.run(&worker).await.unwrap();
    assert_eq!(learned(&world).len(), 1);
    request(
        &mut world,
        json!({"action": "process", "targets": ["student"], "samples": [1, 2, 4, 8]}),
    );
    world.run(&worker).await.unwrap();
    let written = written(&world);
    let outputs: Vec<f64> = written[3..]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let differences = [
        outputs[1] - outputs[0],
        outputs[2] - outputs[0],
        outputs[3] - outputs[0],
    ];
    let expected = [1.0, 3.0, 6.0];
    for (difference, expected) in differences.iter().zip(expected) {
        assert!((difference - expected).abs() < 1e-9, "{differences:?}");
    }
    // The fourth sample that is taught fails.
    request(
        &mut world,
        json!({"action": "learn", "targets": ["student"], "samples": [1]}),
    );
    world.run(&worker).await.unwrap();
    assert_eq!(world.failures()[0].code, "invalid_sample");
    assert_eq!(learned(&world).len(), 1);
    // Reset forgets.
    request(
        &mut world,
        json!({"action": "learn", "targets": ["student"], "samples": [5],
               "arguments": {"reset": true}}),
    );
    world.run(&worker).await.unwrap();
    let number = |index: usize| written_number(&world, index);
    assert_eq!(number(7), 0.0);
}

fn written_number(world: &TestWorld, index: usize) -> f64 {
    written(world)[index].parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_learn_may_not_be_taught() {
    struct Twice;
    impl Processor for Twice {
        type Weights = ();
        async fn forward(&self, (): &(), step: &ProcessorStep<'_>) -> Result<Value, Error> {
            Ok(json!(step.input::<f64>()? * 2.0))
        }
    }
    let text = WORLD
        .replace("learns: true, ", "")
        .replace("running_mean", "twice");
    let worker = Worker::builder().processor("twice", Twice);
    let worker = worker.build(Config::default()).unwrap();
    let mut world = TestWorld::from_world_file(&text).unwrap();
    for action in ["learn", "process"] {
        let samples = json!([1.5, "x"]);
        request(
            &mut world,
            json!({"action": action, "targets": ["student"], "samples": samples}),
        );
        world.run(&worker).await.unwrap();
    }
    let reasons: Vec<_> = world
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::InteractionEnded(ended) => Some((ended.status, ended.reason.unwrap())),
            _ => None,
        })
        .collect();
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(status, reason)| format!("{status:?} {reason}"))
        .collect();
    assert_eq!(
        reasons,
        ["Rejected unknown_action", "Partial invalid_sample"]
    );
    assert_eq!(written(&world), ["3.0"]);
}

#[test]
fn a_kind_of_processor_that_is_not_there_is_refused_with_its_path() {
    let unknown = WORLD.replace("function:", "my_model:");
    let refused = TestWorld::from_world_file(&unknown).err().unwrap();
    let refused = format!("{:#}", anyhow::Error::new(refused));
    assert!(refused.contains("my_model"), "{refused}");
    let taken = WORLD.replace("running_mean", "respond");
    let refused = TestWorld::from_world_file(&taken).err().unwrap();
    let refused = refused.to_string();
    assert!(
        refused.contains("entities[1].agent.processor.function.action"),
        "{refused}"
    );
}
