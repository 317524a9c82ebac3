//! The ways to work together that `docs/behaviours.md` shows, as they stand there.

use std::time::Duration;

use manyworlds_sdk::contract::run::RunResult;
use manyworlds_sdk::contract::{ActionName, Command, EntityId, Fact, StreamRef};
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{Action, ActionCtx, BehaviourCtx, Config, Error, RunFuture, Worker};
use serde_json::json;
use serde_json::value::to_raw_value;

/// Writes the number of its step for each step: what a processor does is not what these tests are about.
struct Steps(ActionName);

impl Action for Steps {
    fn name(&self) -> &ActionName {
        &self.0
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(async move {
            let context = ctx.context().await?;
            let interaction = context
                .interaction
                .ok_or(Error::failed("none", "no interaction"))?;
            let step = interaction.step;
            let samples =
                (step.first..step.first + step.count).map(|step| to_raw_value(&step).unwrap());
            Ok(RunResult {
                samples: samples.collect(),
                ..RunResult::default()
            })
        })
    }
}

fn worker() -> Worker {
    let steps = |name: &str| Steps(name.parse().unwrap());
    let lesson = async |ctx: BehaviourCtx| {
        let streams = json!({"stdin": ["world:lesson"], "stdtar": ["world:labels"]});
        let sent = ctx.send("learn").with("target", "role:student");
        sent.with("streams", streams).with("num_steps", 50).await
    };
    let builder = Worker::builder()
        .action(steps("process"))
        .action(steps("learn"));
    builder
        .custom_action("lesson", lesson)
        .build(Config::default())
        .unwrap()
}

/// The behaviours of the block of the document that begins with this entity.
fn behaviours(first: &str) -> String {
    let document = include_str!("../../../../docs/behaviours.md");
    let begin = format!("```yaml\n{first}:\n");
    let (_, rest) = document.split_once(&begin).unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    format!("{first}:\n{block}")
}

/// A world with these entities, which have the behaviours of a block.
fn world(entities: &[(&str, &str)], first: &str, more: &str) -> TestWorld {
    let mut text = "id: w\nactions: [{name: lesson}]\nentities:\n".to_owned();
    for (id, role) in entities {
        let master = *role == "teacher";
        text += &format!(
            "  - {{id: {id}, kind: agent, role: {role}, master: {master}, agent: {{}}}}\n"
        );
    }
    text += more;
    text += "behaviours:\n";
    for line in behaviours(first).lines() {
        text += &format!("  {line}\n");
    }
    TestWorld::from_world_file(&text).unwrap()
}

/// The states that an entity has entered.
fn states(world: &TestWorld, entity: &str) -> Vec<String> {
    let facts = world.facts().into_iter();
    let made = facts.filter_map(|fact| match fact {
        Fact::BehaviourTransitioned(made) if made.entity.as_str() == entity => Some(made.to),
        _ => None,
    });
    made.collect()
}

fn append(world: &mut TestWorld, stream: &str, count: u64) {
    let stream: StreamRef = stream.parse().unwrap();
    let samples = (0..count).map(|number| to_raw_value(&number).unwrap());
    let append = manyworlds_sdk::contract::stream::AppendSamples {
        stream: stream.clone(),
        samples: samples.collect(),
        tags: None,
        interaction: None,
    };
    world
        .command(stream.owner.as_str(), Command::AppendSamples(append))
        .unwrap();
}

async fn runs(world: &mut TestWorld) {
    for _ in 0..6 {
        world.run(&worker()).await.unwrap();
        world.advance(Duration::from_secs(1));
    }
}

/// The document shows the machines of each way as they are drawn.
#[test]
fn the_machines_are_drawn_in_the_document() {
    let question = "streams: {client:question: {type: json, generator: {list: [why]}}}\n";
    let readings = "streams: {publisher:readings: {type: json, generator: {list: [0]}}}\n";
    let document = include_str!("../../../../docs/behaviours.md");
    for (entities, more) in [
        (&["client", "worker"][..], question),
        (&["teacher", "student"], ""),
        (&["leader"], LESSON),
        (&["follower", "publisher"], readings),
    ] {
        let with_roles: Vec<(&str, &str)> = entities.iter().map(|id| (*id, *id)).collect();
        let world = world(&with_roles, entities[0], more);
        for entity in entities {
            let Some(diagram) = world.behaviour_diagram(entity).unwrap() else {
                continue;
            };
            let block = format!("```mermaid\n{}\n```", diagram.trim_end());
            assert!(document.contains(&block), "{entity}:\n{block}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn client_and_worker() {
    let stream = "streams: {client:question: {type: json, generator: {list: [why]}}}\n";
    let entities = [("client", "client"), ("worker", "worker")];
    let mut world = world(&entities, "client", stream);
    assert!(states(&world, "client").is_empty());
    runs(&mut world).await;
    assert_eq!(states(&world, "worker"), ["ready", "ready"]);
    assert_eq!(states(&world, "client"), ["got_answer"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_worker_is_gone() {
    let stream = "streams: {client:question: {type: json, generator: {list: [why]}}}\n";
    let entities = [("client", "client"), ("worker", "worker")];
    let mut world = world(&entities, "client", stream);
    let entity: EntityId = "worker".parse().unwrap();
    world
        .command("world", Command::RemoveEntity { entity })
        .unwrap();
    assert_eq!(states(&world, "client"), ["lost"]);
}

#[tokio::test(start_paused = true)]
async fn pairing() {
    let entities = [("teacher", "teacher"), ("student", "student")];
    let mut world = world(&entities, "teacher", "");
    runs(&mut world).await;
    assert_eq!(states(&world, "teacher"), ["connected", "paired"]);
    assert_eq!(states(&world, "student"), ["teacher_engaged"]);
}

const LESSON: &str = "streams:
  world:lesson: {type: json, generator: {constant: {value: 1, count: 50}}}
  world:labels: {type: json, generator: {constant: {value: 2, count: 50}}}
";

#[tokio::test(start_paused = true)]
async fn a_leader_and_its_group() {
    let learns = "roles:
  leader: {}
  student:
    behaviour:
      initial: ready
      states: {ready: {transitions: [{action: learn, ready: false, to: ready}]}}
";
    let entities = [("leader", "leader"), ("ada", "student"), ("bob", "student")];
    let mut world = world(&entities, "leader", &format!("{learns}{LESSON}"));
    assert_eq!(states(&world, "leader"), ["lesson_in_progress"]);
    runs(&mut world).await;
    assert_eq!(states(&world, "leader"), ["lesson_in_progress", "done"]);
    for student in ["ada", "bob"] {
        assert_eq!(states(&world, student), ["ready"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_group_is_not_there() {
    let mut world = world(&[("leader", "leader")], "leader", LESSON);
    runs(&mut world).await;
    assert!(states(&world, "leader").is_empty());
}

#[tokio::test(start_paused = true)]
async fn publisher_and_follower() {
    let stream = "streams: {publisher:readings: {type: json, generator: {list: [0]}}}\n";
    let entities = [("publisher", "publisher"), ("follower", "follower")];
    let mut world = world(&entities, "follower", stream);
    assert_eq!(states(&world, "follower"), ["listening"]);
    for count in [1, 3] {
        append(&mut world, "publisher:readings", count);
        runs(&mut world).await;
    }
    assert_eq!(
        states(&world, "follower"),
        ["listening", "listening", "listening"]
    );
    let written = world.facts().into_iter().filter_map(|fact| match fact {
        Fact::StreamAppended(appended) if appended.stream.owner.as_str() == "follower" => {
            Some(appended.values.len())
        }
        _ => None,
    });
    // What was there before it subscribed is not new.
    assert_eq!(written.sum::<usize>(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_lesson_in_rust() {
    let text = format!(
        "id: w
actions: [{{name: lesson}}]
roles:
  leader: {{}}
  student:
    behaviour:
      initial: ready
      states: {{ready: {{transitions: [{{action: learn, ready: false, to: ready}}]}}}}
entities:
  - {{id: leader, kind: agent, role: leader, agent: {{}}}}
  - {{id: ada, kind: agent, role: student, agent: {{}}}}
behaviours:
  leader:
    initial: lesson
    states: {{lesson: {{transitions: [{{action: lesson, to: given}}]}}, given: {{}}}}
{LESSON}"
    );
    let mut world = TestWorld::from_world_file(&text).unwrap();
    runs(&mut world).await;
    assert_eq!(states(&world, "leader"), ["given"]);
    assert_eq!(states(&world, "ada"), ["ready"]);
}
