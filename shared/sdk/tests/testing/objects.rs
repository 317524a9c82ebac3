//! Objects and their abilities.

use manyworlds_sdk::testing::{self, TestWorld};
use manyworlds_sdk::{
    Config, Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Placement, Received, Worker,
    schemars,
};
use serde::{Deserialize, Serialize};

use crate::support::lab;

/// Add a number to the counter.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "counter.add")]
struct Add {
    number: u64,
}

/// The counter has a new value.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "counter.changed")]
struct Changed {
    value: u64,
}

#[derive(Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
struct Counter {
    value: u64,
}

impl Object for Counter {
    const TYPE: &'static str = "counter";
}

async fn add(
    event: Received<Add>,
    mut counter: ObjectCtx<Counter>,
) -> Result<ObjectCtx<Counter>, Error> {
    counter.state.value += event.number;
    let value = counter.state.value;
    counter.send(&Changed { value })?;
    Ok(counter)
}

/// An ability that triggers itself through another object.
async fn add_one_more(
    event: Received<Changed>,
    mut counter: ObjectCtx<Counter>,
) -> Result<ObjectCtx<Counter>, Error> {
    let number = event.value;
    counter.send(&Add { number })?;
    Ok(counter)
}

fn counters(world: &'static str) -> Worker {
    let counters = ObjectType::default().ability("add", add);
    let placement = Placement::new("counter", Counter::default());
    let builder = Worker::builder().object(counters, [(world, placement)]);
    builder.build(Config::default()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_ability_changes_the_state_and_sends_events() {
    let worker = counters("lab");
    let mut world = lab();
    world.provision(&worker).await.unwrap();
    world.send("guest", &Add { number: 2 }).unwrap();
    world.send("guest", &Add { number: 3 }).unwrap();
    world.run(&worker).await.unwrap();
    let values: Vec<u64> = changes(&world);
    assert_eq!(values, [2, 5]);
    let counter = world.object_state::<Counter>("counter").unwrap();
    assert_eq!(counter, Some(Counter { value: 5 }));
}

#[tokio::test(start_paused = true)]
async fn an_object_of_another_world_is_not_created() {
    let worker = counters("elsewhere");
    let mut world = lab();
    world.run(&worker).await.unwrap();
    assert_eq!(world.object_state::<Counter>("counter").unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_breaks_its_schema_is_rejected() {
    let worker = counters("lab");
    let mut world = lab();
    world.provision(&worker).await.unwrap();
    let event = r#"{"send_events": {"events": [{"type": "counter.add", "data": {"number": -1}}]}}"#;
    let event = serde_json::from_str(event).unwrap();
    let error = world.command("guest", event).unwrap_err();
    let field = error
        .rejection()
        .and_then(|rejection| rejection.field.clone());
    assert_eq!(field.as_deref(), Some("events[0].data.number"));
}

#[tokio::test(start_paused = true)]
async fn objects_that_trigger_each_other_come_to_an_end() {
    let counters = ObjectType::default().ability("add", add);
    let doublers = ObjectType::default().ability("more", add_one_more);
    let first = Placement::new("counter", Counter { value: 1 });
    let second = Placement::new("doubler", Counter::default());
    let builder = Worker::builder().object(counters, [("lab", first)]);
    let builder = builder.object(doublers, [("lab", second)]);
    let worker = builder.build(Config::default()).unwrap();
    let mut world = lab();
    world.provision(&worker).await.unwrap();
    world.send("guest", &Add { number: 1 }).unwrap();
    world.run(&worker).await.unwrap();
    // The rules end the chain: runs that lead to one another stop after 32 of them.
    assert!(changes(&world).len() < 32);
    assert!(world.waiting_runs().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_worker_with_an_object_that_the_world_rejects_is_an_error() {
    let placement = Placement::new("counter", Counter::default()).held_by("nobody");
    let counters = ObjectType::default().ability("add", add);
    let builder = Worker::builder().object(counters, [("lab", placement)]);
    let worker = builder.build(Config::default()).unwrap();
    let error = lab().run(&worker).await.unwrap_err();
    assert!(
        matches!(error, testing::Error::Provision { .. }),
        "{error:?}"
    );
    let field = error
        .rejection()
        .and_then(|rejection| rejection.field.clone());
    assert_eq!(field.as_deref(), Some("held_by"));
}

fn changes(world: &TestWorld) -> Vec<u64> {
    let changes = world.events_of::<Changed>().unwrap();
    changes.iter().map(|changed| changed.value).collect()
}
