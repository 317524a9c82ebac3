//! Custom actions of behaviours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use manyworlds_sdk::contract::behaviour::{CustomAction, Definition};
use manyworlds_sdk::contract::interaction::NewInteraction;
use manyworlds_sdk::contract::{Command, Fact};
use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{BehaviourCtx, Config, Error, Worker};
use serde_json::json;

const WORLD: &str = "
id: plant
actions:
  - {name: is_affordable}
  - name: read_sensor
    requestable: false
    arguments: {type: object, properties: {above: {type: number}}, required: [above]}
  - {name: move_arm}
  - {name: gather}
entities:
  - {id: ann, kind: user, role: visitor}
  - {id: bob, kind: user, role: visitor}
  - {id: arm, kind: agent, agent: {}}
  - {id: shop, kind: agent, agent: {}}
  - {id: boss, kind: agent, agent: {}}
behaviours:
  arm:
    initial: cold
    states:
      cold: {transitions: [{action: read_sensor, args: {above: 30}, to: hot}]}
      hot: {transitions: [{action: move_arm, to: open, on_failure: stuck}]}
      open: {}
      stuck: {}
  shop:
    initial: ready
    states:
      ready: {transitions: [{action: is_affordable, args: {limit: 10}, ready: false, to: ready}]}
  boss:
    initial: alone
    states:
      alone: {transitions: [{action: gather, to: together}]}
      together: {}
";

async fn is_affordable(ctx: BehaviourCtx) -> Result<bool, Error> {
    let arguments: serde_json::Value = ctx.arguments()?;
    let price = ctx
        .samples()
        .first()
        .and_then(|price| price.get().parse::<f64>().ok());
    ctx.output("limit", arguments["limit"].clone());
    Ok(price.is_some_and(|price| Some(price) <= arguments["limit"].as_f64()))
}

async fn gather(ctx: BehaviourCtx) -> Result<bool, Error> {
    assert_eq!(ctx.world_agents().await?.roster.len(), 4);
    assert!(ctx.knowledge().await?.is_none());
    assert!(!ctx.find_agents("nobody").await?);
    assert!(ctx.find_agents("visitor").with("engage", false).await?);
    let found = ctx.knowledge().await?.map(|known| known.found.len());
    assert_eq!(found, Some(2));
    assert!(!ctx.all_engagements_completed().await?);
    let refused = ctx.use_action("find_agents").await;
    assert!(refused.is_err());
    Ok(true)
}

/// A sensor that measures more each time, and an arm that counts its moves.
fn worker(celsius: &Arc<AtomicU32>, moves: &Arc<AtomicU32>, crashes: bool) -> Worker {
    let (celsius, moves) = (celsius.clone(), moves.clone());
    let read_sensor = move |ctx: BehaviourCtx| {
        let celsius = celsius.fetch_add(10, Ordering::Relaxed);
        async move {
            let arguments: serde_json::Value = ctx.arguments()?;
            ctx.write(&celsius)?;
            Ok(f64::from(celsius) > arguments["above"].as_f64().unwrap())
        }
    };
    let move_arm = move |ctx: BehaviourCtx| {
        let moves = moves.clone();
        async move {
            if !ctx.claim().await? {
                return Err(Error::failed("unknown_position", "it may have moved"));
            }
            moves.fetch_add(1, Ordering::Relaxed);
            // The connection is lost after the command to the device.
            if crashes {
                return Err(Error::transient("the worker has crashed"));
            }
            Ok(true)
        }
    };
    let builder = Worker::builder()
        .custom_action("is_affordable", is_affordable)
        .custom_action("gather", gather)
        .custom_action("read_sensor", read_sensor)
        .custom_action("move_arm", move_arm);
    builder.build(Config::default()).unwrap()
}

fn transitions(world: &TestWorld, entity: &str) -> Vec<String> {
    let facts = world.facts().into_iter();
    let made = facts.filter_map(|fact| match fact {
        Fact::BehaviourTransitioned(made) if made.entity.as_str() == entity => Some(made.to),
        _ => None,
    });
    made.collect()
}

#[tokio::test(start_paused = true)]
async fn a_sensor_is_read_until_it_is_true_and_the_arm_moves_at_most_once() {
    for (crashes, last) in [(false, "open"), (true, "stuck")] {
        let (celsius, moves) = (Arc::new(AtomicU32::new(15)), Arc::new(AtomicU32::new(0)));
        let worker = worker(&celsius, &moves, crashes);
        let mut world = TestWorld::from_world_file(WORLD).unwrap();
        for _ in 0..8 {
            world.run(&worker).await.unwrap();
            world.advance(Duration::from_secs(5));
        }
        assert_eq!(transitions(&world, "arm"), ["hot", last]);
        assert_eq!(celsius.load(Ordering::Relaxed), 45);
        assert_eq!(moves.load(Ordering::Relaxed), 1);
        assert_eq!(transitions(&world, "boss"), ["together"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_domain_rule_decides_about_requests() {
    let (celsius, moves) = (Arc::new(AtomicU32::new(50)), Arc::new(AtomicU32::new(0)));
    let worker = worker(&celsius, &moves, false);
    let mut world = TestWorld::from_world_file(WORLD).unwrap();
    for price in [12.5, 7.5] {
        let request = json!({"action": "is_affordable", "targets": ["shop"], "samples": [price]});
        let request: NewInteraction = serde_json::from_value(request).unwrap();
        let request = Command::RequestInteraction(request);
        world.command("ann", request).unwrap();
        world.run(&worker).await.unwrap();
    }
    // The first one was not affordable, and waits to be tried again.
    let ended = world.facts().into_iter().filter(|fact| match fact {
        Fact::InteractionEnded(ended) => ended.target.as_str() == "shop",
        _ => false,
    });
    assert_eq!(ended.count(), 1);
    let returned = world.facts().into_iter();
    let returned = returned.filter(|fact| matches!(fact, Fact::InteractionReturned(_)));
    assert_eq!(returned.count(), 1);
}

#[test]
fn a_behaviour_with_an_action_that_is_not_declared_is_refused_with_its_path() {
    let bad = WORLD.replace(
        "{action: gather, to: together}",
        "{action: dance, to: together}",
    );
    let refused = TestWorld::from_world_file(&bad).err().unwrap().to_string();
    assert!(
        refused.contains("behaviours.boss.states.alone.transitions[0].action"),
        "{refused}"
    );
    let bad = WORLD.replace("args: {above: 30}", "args: {above: hot}");
    let refused = TestWorld::from_world_file(&bad).err().unwrap().to_string();
    assert!(
        refused.contains("behaviours.arm.states.cold.transitions[0].args.above"),
        "{refused}"
    );
}

const JOURNAL: &str = "
id: journal
actions: [{name: count, requestable: false}]
entities: [{id: clerk, kind: agent, agent: {}}]
streams:
  clerk:counts: {type: number}
  world:letters: {type: text, generator: {list: [a, b, c]}}
behaviours:
  clerk:
    initial: idle
    states:
      idle: {transitions: [{action: count, to: counted}]}
      counted: {}
";

#[tokio::test(start_paused = true)]
async fn streams_are_read_and_appended_to_once() {
    let attempts = Arc::new(AtomicU32::new(0));
    let made = attempts.clone();
    let count = move |ctx: BehaviourCtx| {
        let attempt = made.fetch_add(1, Ordering::Relaxed);
        async move {
            let letters = ctx.read_stream("world:letters", 1, 100).await?;
            ctx.append("counts", [letters.len()]).await?;
            // An append is no use of an action.
            assert!(ctx.knowledge().await?.is_none());
            if attempt == 0 {
                return Err(Error::transient("the worker has crashed"));
            }
            let counts = ctx.read_stream("counts", 0, 100).await?;
            assert_eq!(counts.len(), 1);
            assert_eq!(counts[0].value.get(), "2");
            let refused = ctx.append("world:letters", ["d"]).await;
            assert!(matches!(refused, Err(Error::Failed { .. })));
            Ok(true)
        }
    };
    let worker = Worker::builder().custom_action("count", count);
    let worker = worker.build(Config::default()).unwrap();
    let mut world = TestWorld::from_world_file(JOURNAL).unwrap();
    for _ in 0..3 {
        world.run(&worker).await.unwrap();
        world.advance(Duration::from_secs(5));
    }
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    assert_eq!(transitions(&world, "clerk"), ["counted"]);
}

#[tokio::test(start_paused = true)]
async fn a_behaviour_may_use_an_action_that_the_worker_alone_declares() {
    let declaration = CustomAction {
        name: "ring".parse().unwrap(),
        arguments: Some(json!({"type": "object", "required": ["times"],
            "properties": {"times": {"type": "integer"}}})),
        requestable: false,
    };
    let worker = Worker::builder().name("plant");
    let worker = worker.custom_action_with(declaration, |_: BehaviourCtx| async { Ok(true) });
    let worker = worker.build(Config::default()).unwrap();
    let file = "{id: plant, entities: [{id: bell, kind: agent, agent: {}}]}";
    let mut world = TestWorld::from_world_file(file).unwrap();
    let put = |args: serde_json::Value| {
        let behaviour = json!({"initial": "a", "states": {
            "a": {"transitions": [{"action": "ring", "args": args, "to": "b"}]}, "b": {}}});
        Command::PutBehaviour {
            entity: "bell".parse().unwrap(),
            definition: Definition::from_json(&behaviour.to_string()).unwrap(),
        }
    };
    assert!(world.command("world", put(json!({"times": 2}))).is_err());
    world.provision(&worker).await.unwrap();
    assert!(world.command("world", put(json!({}))).is_err());
    world.command("world", put(json!({"times": 2}))).unwrap();
    let declared = world.facts().into_iter().find_map(|fact| match fact {
        Fact::ActionDeclared(declared) => Some(declared),
        _ => None,
    });
    assert_eq!(declared.unwrap().by, "plant");
    world.run(&worker).await.unwrap();
    assert_eq!(transitions(&world, "bell"), ["b"]);
}
