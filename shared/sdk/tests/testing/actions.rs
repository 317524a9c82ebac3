//! Runs of actions: how they end, and what they read.

use manyworlds_sdk::Error;
use manyworlds_sdk::contract::RejectionCode;
use serde_json::json;

use crate::support::{Rings, lab, output, ring, worker};

#[tokio::test(start_paused = true)]
async fn an_action_completes() {
    let worker = worker("echo", |ctx| {
        Box::pin(async move { Ok(output(&ctx.request().arguments)) })
    });
    let mut world = lab();
    world
        .request_action("bell", "echo", &json!([1, 2]))
        .unwrap();
    assert_eq!(world.waiting_runs().len(), 1);
    world.run(&worker).await.unwrap();
    assert_eq!(world.outputs::<Vec<u32>>().unwrap(), [[1, 2]]);
    assert!(world.waiting_runs().is_empty());
    assert!(world.failures().is_empty() && world.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_fails() {
    let worker = worker("break", |_| {
        Box::pin(async { Err(Error::failed("broken", "it is broken")) })
    });
    let mut world = lab();
    let run = world.request_action("bell", "break", &()).unwrap();
    world.run(&worker).await.unwrap();
    let [failed] = &world.failures()[..] else {
        panic!("one failure, not {:?}", world.failures());
    };
    assert_eq!(failed.run, run);
    assert_eq!((&*failed.code, &*failed.reason), ("broken", "it is broken"));
}

#[tokio::test(start_paused = true)]
async fn an_action_sends_events() {
    let worker = worker("ring", |_| Box::pin(async { Ok(ring(3)) }));
    let mut world = lab();
    world.request_action("bell", "ring", &()).unwrap();
    world.run(&worker).await.unwrap();
    let rings = world.events_of::<Rings>().unwrap();
    assert_eq!(rings.len(), 1);
    assert_eq!((rings[0].times, rings[0].sender.as_str()), (3, "bell"));
    let types = world.event_types();
    let from = types.iter().position(|t| t == "action.requested").unwrap();
    assert_eq!(
        types[from..],
        ["action.requested", "bell.rings", "action.completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_action_reads_its_context_and_its_events() {
    let worker = worker("look", |mut ctx| {
        Box::pin(async move {
            let entity = ctx.context().await?.entity.id.to_string();
            let received = ctx.received_events().await?.len();
            ctx.publish_progress("looking").await;
            let claimed = ctx.claim().await?;
            Ok(output(&(entity, received, claimed)))
        })
    });
    let mut world = lab();
    world.send("guest", &Rings { times: 1 }).unwrap();
    world.send_to("guest", "bell", &Rings { times: 2 }).unwrap();
    world.send_to("guest", "ada", &Rings { times: 3 }).unwrap();
    world.request_action("bell", "look", &()).unwrap();
    world.run(&worker).await.unwrap();
    let expected = ("bell".to_owned(), 2, true);
    assert_eq!(
        world.outputs::<(String, usize, bool)>().unwrap(),
        [expected]
    );
    assert_eq!(world.chunks()[0].text, "looking");
}

#[tokio::test(start_paused = true)]
async fn a_claim_holds_for_the_attempt_that_took_it() {
    let worker = worker("pay", |ctx| {
        Box::pin(async move {
            match ctx.claim().await? {
                true => Err(Error::transient("the bank is unavailable")),
                false => Err(Error::failed("unknown", "an earlier attempt may have paid")),
            }
        })
    });
    let mut world = lab();
    world.request_action("bell", "pay", &()).unwrap();
    world.run(&worker).await.unwrap();
    assert_eq!(world.failures()[0].code, "unknown");
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_retried_until_the_attempts_are_exhausted() {
    let worker = worker("call", |_| {
        Box::pin(async { Err(Error::transient("nobody answers")) })
    });
    let mut world = lab();
    let start = world.now();
    world.request_action("bell", "call", &()).unwrap();
    world.run(&worker).await.unwrap();
    assert_eq!(world.failures()[0].code, "attempts_exhausted");
    assert_eq!(world.dead_letters(), ["nobody answers"]);
    // Four pauses, from 500 ms on.
    assert_eq!(world.now().since(start).as_millis(), 7500);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_attempt() {
    let worker = worker("panic", |_| Box::pin(async { panic!("a bug") }));
    let mut world = lab();
    world.request_action("bell", "panic", &()).unwrap();
    world.run(&worker).await.unwrap();
    assert_eq!(world.failures()[0].reason, "the action panicked");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_breaks_a_rule_fails_the_run() {
    let worker = worker("lie", |_| {
        Box::pin(async {
            let mut result = ring(1);
            result.events[0].event_type = "world.deleted".parse().unwrap();
            Ok(result)
        })
    });
    let mut world = lab();
    world.request_action("bell", "lie", &()).unwrap();
    world.run(&worker).await.unwrap();
    let failures = world.failures();
    assert_eq!(failures[0].code, "result_refused");
    assert!(
        failures[0]
            .reason
            .starts_with("the world rejected the result: "),
        "{}",
        failures[0].reason
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_of_another_worker_waits() {
    let other = worker("other", |_| Box::pin(async { Ok(ring(1)) }));
    let mut world = lab();
    world.request_action("bell", "ring", &()).unwrap();
    world.run(&other).await.unwrap();
    assert_eq!(world.waiting_runs()[0].action.as_str(), "ring");
}

#[test]
fn a_request_of_an_entity_that_is_not_there_is_rejected() {
    let error = lab().request_action("gong", "ring", &()).unwrap_err();
    let rejection = error.rejection().unwrap();
    assert_eq!(rejection.code, RejectionCode::UnknownEntity);
}

#[tokio::test(start_paused = true)]
async fn an_action_stores_and_loads_weights() {
    let worker = worker("learn_more", |ctx| {
        Box::pin(async move {
            let version = ctx.store_weights(&vec![1, 2, 3].into()).await?;
            let again = ctx.store_weights(&vec![1, 2, 3].into()).await?;
            let loaded = ctx.load_weights(&version).await?;
            let missing = ctx.load_weights("none").await.is_err();
            Ok(output(&(version == again, loaded.to_vec(), missing)))
        })
    });
    let mut world = lab();
    world.request_action("bell", "learn_more", &()).unwrap();
    world.run(&worker).await.unwrap();
    let outputs = world.outputs::<(bool, Vec<u8>, bool)>().unwrap();
    assert_eq!(outputs, [(true, vec![1, 2, 3], true)]);
}
