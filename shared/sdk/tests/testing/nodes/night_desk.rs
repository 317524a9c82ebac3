//! The example of claims that wait through the night.

use std::time::Duration;

use manyworlds_sdk::contract::SessionId;
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{Config, Error, Processor, ProcessorStep, Worker};
use serde_json::{Value, json};

use super::data;
use crate::support::note;

#[path = "../../../examples/night_desk.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod example;

const WORLD: &str = "
id: night-desk
roles:
  assessor:
    behaviour:
      initial: closed
      states:
        closed: {transitions: [{action: nop, delay_seconds: 28800, to: open}]}
        open: {transitions: [{action: process, ready: false, to: open}]}
entities:
  - {id: ann, kind: user}
  - {id: clerk, kind: agent, agent: {}}
  - {id: nora, kind: agent, role: assessor, agent: {processor: {function: {action: assess}}}}
flows:
  claims:
    nodes:
      - {id: desk, agent: clerk, worker: claims_desk, handles: [claim_event, interaction.outcome]}
";

struct Assessor;

impl Processor for Assessor {
    type Weights = ();

    async fn forward(&self, _weights: &(), step: &ProcessorStep<'_>) -> Result<Value, Error> {
        let claim: String = step.input()?;
        if claim == "a meteorite" {
            return Err(Error::failed("refused", "nobody is insured against that"));
        }
        Ok(json!(format!("granted: {claim}")))
    }
}

fn worker() -> Worker {
    let builder = Worker::builder()
        .node("claims_desk", example::ClaimsDesk)
        .processor("assess", Assessor);
    builder.build(Config::default()).unwrap()
}

/// The status of each claim of a session, and what was assessed.
fn outcomes(world: &TestWorld, session: SessionId) -> Vec<(String, Value)> {
    let frames = world.frames(session).into_iter();
    let outcomes = frames.filter(|frame| frame.event_type == "interaction.outcome");
    let outcome = outcomes.map(|frame| {
        let target = data(&frame)["targets"][0].clone();
        let status = target["status"].as_str().unwrap().to_owned();
        (status, target["output"][0]["value"].clone())
    });
    outcome.collect()
}

#[tokio::test(start_paused = true)]
async fn claims_wait_for_the_morning_or_for_their_deadline() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let sessions = ["a window", "a meteorite", "a door"].map(|text| {
        let session = world.start_session("ann", "claims").unwrap();
        let within = if text == "a door" { 3600 } else { 36_000 };
        let claim = json!({"text": text, "within_seconds": within});
        world
            .send_in_session(session, note("claim_event", &claim))
            .unwrap();
        session
    });
    world.run(&worker()).await.unwrap();
    world.advance(2 * HOUR);
    world.run(&worker()).await.unwrap();
    let shown = sessions.map(|session| outcomes(&world, session));
    let late = ("timed_out".to_owned(), Value::Null);
    assert_eq!(shown, [vec![], vec![], vec![late.clone()]]);
    // The desk opens.
    world.advance(6 * HOUR);
    world.run(&worker()).await.unwrap();
    let shown = sessions.map(|session| outcomes(&world, session));
    let granted = ("completed".to_owned(), json!("granted: a window"));
    let refused = ("failed".to_owned(), Value::Null);
    assert_eq!(shown, [vec![granted], vec![refused], vec![late]]);
    let session = world.session(sessions[0]).unwrap();
    assert_eq!(session.variables["assessed"], 1);
}
