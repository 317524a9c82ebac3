//! Runs that are dispatched with their context.

use std::time::Duration;

use contract::flow::{FlowSpec, NewFlowEvent};
use contract::{Command, CommandId, FlowId, Run, RunContext, SessionId, WorldId};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::support::Harness;

async fn flow(harness: &Harness, world: &WorldId) -> SessionId {
    let node = json!({"id": "a", "worker": "w", "handles": ["task"]});
    let spec: FlowSpec = serde_json::from_value(json!({"nodes": [node]})).unwrap();
    let flow: FlowId = "desk".parse().unwrap();
    let put = Command::PutFlow {
        flow: flow.clone(),
        spec,
    };
    harness.send(world, "world", put).await.unwrap();
    let start = Command::StartSession {
        flow,
        variables: [("vip".to_owned(), json!(true))].into(),
        init: None,
    };
    let id = CommandId::new();
    harness.send_as(world, id, "guest", start).await.unwrap();
    id.event(0).session()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_node_is_dispatched_with_what_its_worker_would_be_given() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let session = flow(&harness, &world).await;
    let action = "w".parse().unwrap();
    let consumer = harness.bus.work_queue().run_consumer(&action);
    let mut deliveries = consumer.await.unwrap().pull().await.unwrap();
    // An actor that has something else to do at that moment sends none: the next run may have one.
    let (run, dispatched) = loop {
        let data = to_raw_value(&json!({"text": "x"})).unwrap();
        let command = Command::SendSessionEvents {
            session,
            events: vec![NewFlowEvent::new("task", data)],
        };
        harness.send(&world, "guest", command).await.unwrap();
        let delivery = deliveries.next(1).await.unwrap();
        let run: Run = delivery.read().unwrap();
        delivery.ack().await.unwrap();
        if let Some(context) = &run.context {
            let context: RunContext = serde_json::from_str(context.get()).unwrap();
            break (run.id, serde_json::to_value(context).unwrap());
        }
        let cancel = Command::CancelRun { run: run.id };
        harness.send(&world, "world", cancel).await.unwrap();
    };
    let worlds = harness.bus.worlds();
    let requested = worlds.context(&world, run, Duration::from_secs(5)).await;
    let requested: Value = serde_json::to_value(requested.unwrap()).unwrap();
    assert_eq!(dispatched, requested);
    assert_eq!(requested["node"]["variables"]["vip"], true);
    harness.stop().await;
}
