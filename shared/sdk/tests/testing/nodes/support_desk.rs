//! The example of two agents that signal to each other.

use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{Config, Worker};
use serde_json::json;

use super::{data, types_from};
use crate::support::note;

#[path = "../../../examples/support_desk.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod example;

const WORLD: &str = "
id: helpdesk
entities: [{id: ann, kind: user}]
flows:
  desk:
    nodes:
      - {id: support, worker: support_bot, output: true}
      - {id: supervisor, worker: supervisor, handles: [escalation_event]}
    edges: [[support, supervisor]]
";

fn worker() -> Worker {
    let builder = Worker::builder()
        .node("support_bot", example::SupportBot)
        .node("supervisor", example::SupervisorNode);
    builder.build(Config::default()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_bot_escalates_and_a_supervisor_takes_note() {
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let session = world.start_session("ann", "desk").unwrap();
    world.request_answer(session, "I am angry").unwrap();
    world.run(&worker()).await.unwrap();
    let expected = [
        "agent.ready",
        "agent.llm.response.start",
        "escalation_event",
        "agent.llm.response.chunk",
        "agent.llm.response.end",
        "system.llm.request",
    ];
    assert_eq!(world.frame_types(session), expected);
    let frames = world.frames(session);
    let expected = json!({"reason": "User is frustrated", "severity": "high"});
    assert_eq!(data(&frames[2]), expected);
    assert_eq!(data(&frames[3]), json!({"text": "I am sorry about that."}));
    let node = frames[2].node.as_ref().map(|node| node.as_str());
    assert_eq!(
        (node, frames[2].turn),
        (Some("support"), Some(frames[5].id))
    );
    let session = world.session(session).unwrap();
    assert_eq!(session.variables["escalated"], "high");
    assert!(world.failures().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_is_calm_is_not_escalated() {
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let session = world.start_session("ann", "desk").unwrap();
    world.request_answer(session, "hello").unwrap();
    world.run(&worker()).await.unwrap();
    let types = world.frame_types(session);
    assert!(!types.contains(&"escalation_event".to_owned()), "{types:?}");
}

#[tokio::test(start_paused = true)]
async fn a_field_that_is_absent_has_its_default() {
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let session = world.start_session("ann", "desk").unwrap();
    let escalation = note("escalation_event", &json!({"reason": "too slow"}));
    world.send_in_session(session, escalation).unwrap();
    world.run(&worker()).await.unwrap();
    let variables = world.session(session).unwrap().variables;
    assert_eq!(variables["escalated"], "medium");
    // It passes byte for byte, and once.
    assert_eq!(types_from(&world, session, "escalation_event").len(), 1);
    let frames = world.frames(session);
    assert_eq!(frames[1].data.get(), r#"{"reason":"too slow"}"#);
}

#[tokio::test(start_paused = true)]
async fn an_event_without_its_fields_fails_in_the_handler_and_passes_on() {
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    let session = world.start_session("ann", "desk").unwrap();
    world
        .send_in_session(session, note("escalation_event", &json!({})))
        .unwrap();
    world.run(&worker()).await.unwrap();
    let expected = ["agent.error", "escalation_event"];
    assert_eq!(types_from(&world, session, "agent.error"), expected);
    assert_eq!(world.failures()[0].code, "bad_event");
}
