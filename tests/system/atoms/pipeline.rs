//! The frames of one connection, sent without waiting while the world's owner is killed.

use std::sync::Arc;
use std::time::Duration;

use contract::{Fact, WorldId};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape, oracle};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::client::Client;

const PATIENCE: Duration = Duration::from_secs(60);
const FRAMES: u64 = 2000;
/// So many of them are sent before the owner is killed, and the others behind.
const BEFORE_KILL: u64 = 1000;
/// It is killed when so many have come back, with others under way.
const KILL_AT: u64 = 300;
/// Every so many frames one is refused.
const REFUSED_EVERY: u64 = 50;

fn is_refused(n: u64) -> bool {
    n % REFUSED_EVERY == REFUSED_EVERY - 1
}

fn frame(n: u64) -> Value {
    // No event has an empty type.
    let event_type = if is_refused(n) { "" } else { "my.n" };
    json!({"type": event_type, "id": n.to_string(), "n": n})
}

/// The replica that serves the world.
async fn owner(cluster: &Cluster) -> usize {
    for n in 0..2 {
        let name = "manyworlds_world_worlds_awake";
        if cluster.metric_of("world", n, name).await == Some(1.0) {
            return n;
        }
    }
    panic!("no replica serves the world");
}

/// The numbers of the events in the log, in its order.
async fn stored(cluster: &Cluster) -> Vec<u64> {
    let world: WorldId = "desk".parse().unwrap();
    let log = oracle::read_log(&cluster.bus().await, &world).await;
    let numbers = log.iter().filter_map(|(_, event)| {
        match Fact::parse(&event.event_type, &event.data).unwrap() {
            Some(Fact::FlowEvent(sent)) if sent.event_type == "my.n" => {
                let data: Value = serde_json::from_str(sent.data.get()).unwrap();
                data["n"].as_u64()
            }
            _ => None,
        }
    });
    numbers.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_stored_once_in_order_while_the_owner_of_the_world_is_killed() {
    let shape = Shape {
        worlds: 2,
        workers: 0,
        ..Shape::default()
    };
    let mut cluster = Cluster::start(shape).await;
    let flow = json!({"nodes": [{"id": "gate", "router": {}}]});
    let world = json!({"id": "desk", "flows": {"gate": flow}});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let (client, _) = Client::begin(&cluster.gateways[0], "/atoms/desk/ws").await;
    let owner = owner(&cluster).await;

    let (mut sink, mut frames) = client.split();
    let killed = Arc::new(Notify::new());
    let is_killed = Arc::clone(&killed);
    let mut sending = tokio::task::JoinSet::new();
    sending.spawn(async move {
        for n in 0..FRAMES {
            if n == BEFORE_KILL {
                is_killed.notified().await;
            }
            sink.send(frame(n)).await.unwrap();
        }
        sink
    });
    let mut taken = (0..FRAMES).filter(|n| !is_refused(*n));
    let mut refused = (0..FRAMES).filter(|n| is_refused(*n));
    for count in 0..FRAMES {
        if count == KILL_AT {
            // It is not started again: another takes over.
            cluster.replica("world", owner).kill();
            killed.notify_one();
        }
        let received = timeout(PATIENCE, frames.next()).await.unwrap().unwrap();
        if received["type"] == "my.n" {
            assert_eq!(received["n"], json!(taken.next()), "{received}");
            continue;
        }
        assert_eq!(received["type"], "agent.error", "{received}");
        let n = refused.next().unwrap();
        assert_eq!(received["payload"]["event_id"], n.to_string(), "{received}");
        // When the answer to a batch was lost, the reason is lost with it.
        let code = received["payload"]["code"].as_str().unwrap();
        assert!(["invalid", "expired"].contains(&code), "{received}");
    }
    assert_eq!((taken.next(), refused.next()), (None, None));
    let expected: Vec<u64> = (0..FRAMES).filter(|n| !is_refused(*n)).collect();
    assert_eq!(stored(&cluster).await, expected);
}
