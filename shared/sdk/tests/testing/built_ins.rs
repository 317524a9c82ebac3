//! The built-in actions as methods of the context of a custom action.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use manyworlds_sdk::contract::interaction::NewInteraction;
use manyworlds_sdk::contract::{Command, Fact};
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{BehaviourCtx, Builder, Config, Error, Processor, ProcessorStep, Worker};
use serde_json::{Value, json};

/// `respond` is for messages of chats: an entity can not use it.
const WITHOUT_METHOD: &[&str] = &["respond"];

#[test]
fn every_action_of_the_catalogue_has_a_method_that_takes_what_it_requires() {
    let methods = BehaviourCtx::BUILT_IN_ACTIONS;
    for action in rules::BUILT_IN_ACTIONS {
        let method = methods.iter().find(|(name, _)| *name == action.name);
        let is_without = WITHOUT_METHOD.contains(&action.name);
        assert_eq!(method.is_none(), is_without, "{}", action.name);
        let taken = method.map_or(&[][..], |(_, arguments)| arguments);
        for argument in action.arguments.iter().filter(|a| a.is_required()) {
            let is_taken = taken.contains(&argument.name);
            assert!(is_taken, "{} requires {}", action.name, argument.name);
        }
        for name in taken {
            let is_known = action.argument(name).is_some();
            assert!(is_known, "{} has no {name}", action.name);
        }
    }
    let names: BTreeSet<&str> = methods.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), methods.len());
    for name in names {
        assert!(rules::built_in(name).is_some(), "{name} is no action");
    }
}

const WORLD: &str = "
id: office
actions:
  - {name: work}
  - {name: check, requestable: false}
entities:
  - {id: ann, kind: user, role: boss}
  - {id: eve, kind: user}
  - id: clerk
    kind: agent
    agent: {processor: {function: {action: count_words, learns: true}}}
streams:
  ann:letters: {type: text, generator: {list: [one, one two, one two three]}}
behaviours:
  clerk:
    initial: ready
    states:
      ready: {transitions: [{action: work, ready: false, to: ready}]}
";

/// Counts words, and how many samples it was taught.
struct CountWords;

impl Processor for CountWords {
    type Weights = u64;

    async fn forward(&self, _: &u64, step: &ProcessorStep<'_>) -> Result<Value, Error> {
        let text: String = step.input()?;
        Ok(json!(text.split_whitespace().count()))
    }

    async fn backward(&self, taught: &mut u64, step: &ProcessorStep<'_>) -> Result<f64, Error> {
        let _: String = step.target()?;
        *taught += 1;
        Ok(0.0)
    }
}

fn build(builder: Builder) -> Worker {
    builder.build(Config::default()).unwrap()
}

fn request(world: &mut TestWorld, sender: &str, action: &str, samples: &[&str]) {
    let request = json!({"action": action, "targets": ["clerk"], "samples": samples});
    let request: NewInteraction = serde_json::from_value(request).unwrap();
    let request = Command::RequestInteraction(request);
    world.command(sender, request).unwrap();
}

/// How many events there are of a type.
fn count(world: &TestWorld, event_type: &str) -> usize {
    let types = world.event_types().into_iter();
    types.filter(|found| found == event_type).count()
}

/// Processes what was requested, learns letters, and has what it wrote compared with a stream.
async fn work(ctx: BehaviourCtx) -> Result<bool, Error> {
    assert!(ctx.process().await?);
    let output = ctx.knowledge().await?.unwrap().output;
    assert_eq!(output[0].value, Some(json!(4)));
    ctx.write(&output[0].value)?;
    let both = json!({"stdin": ["ann:letters"], "stdtar": ["ann:letters"]});
    let learn = ctx.learn().with("streams", both).with("num_steps", 3);
    assert!(learn.await?);
    // What can not be processed is false: the sample is no text.
    assert!(!ctx.process().with("data_samples", vec![1]).await?);
    // Nothing was requested of others that could be compared.
    assert!(!ctx.evaluate("ann:letters", "mse").await?);
    assert!(ctx.show().await?);
    assert!(!ctx.on_received().await?);
    Ok(true)
}

#[tokio::test(start_paused = true)]
async fn a_custom_action_waits_for_runs_of_its_own_entity() {
    let attempts = Arc::new(AtomicU32::new(0));
    let made = attempts.clone();
    let work = move |ctx: BehaviourCtx| {
        let attempt = made.fetch_add(1, Ordering::Relaxed);
        async move {
            let is_true = work(ctx).await?;
            if attempt == 0 {
                return Err(Error::transient("the worker has crashed"));
            }
            Ok(is_true)
        }
    };
    let builder = Worker::builder().custom_action("work", work);
    let worker = build(builder.processor("count_words", CountWords));
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    request(&mut world, "ann", "work", &["to be or not"]);
    for _ in 0..3 {
        world.run(&worker).await.unwrap();
        world.advance(Duration::from_secs(5));
    }
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    assert_eq!(world.dead_letters(), [""; 0]);
    // The second attempt has repeated nothing.
    assert_eq!(count(&world, "processor.learned"), 1);
    let of_clerk = world.facts().into_iter().filter_map(|fact| match fact {
        Fact::InteractionEnded(ended) => Some(format!("{:?}", ended.status)),
        _ => None,
    });
    let ended: Vec<String> = of_clerk.collect();
    assert_eq!(ended, ["Completed", "Completed", "Failed", "Completed"]);
    assert_eq!(world.failures().len(), 1, "the sample that is no text");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_takes_fails_the_action_in_a_test() {
    let builder = Worker::builder().custom_action("work", work);
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    request(&mut world, "ann", "work", &["to be"]);
    world.run(&build(builder)).await.unwrap();
    assert_eq!(world.failures()[0].code, "no_worker");
    assert_eq!(world.waiting_runs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_engagement_concerns_the_requester() {
    async fn work(ctx: BehaviourCtx) -> Result<bool, Error> {
        let requester = ctx.interaction().map(|request| request.requester.clone());
        let is_boss = ctx.engage().with("acceptable_role", "boss").await?;
        assert_eq!(is_boss, requester.unwrap().as_str() == "ann");
        if is_boss {
            let engaged = ctx.knowledge().await?.unwrap().engaged;
            assert_eq!(engaged, ["ann".parse().unwrap()]);
            assert!(ctx.disengage().await?);
        }
        assert!(!ctx.disengage().await?);
        Ok(true)
    }
    let worker = build(Worker::builder().custom_action("work", work));
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    for sender in ["ann", "eve"] {
        request(&mut world, sender, "work", &["x"]);
        world.run(&worker).await.unwrap();
    }
    assert!(world.failures().is_empty(), "{:?}", world.failures());
    assert_eq!(count(&world, "interaction.ended"), 2);
}
