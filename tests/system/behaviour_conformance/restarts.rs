//! What goes on when a process is killed: these rows have a system of their own.

use serde_json::json;
use system_tests::{Cluster, Shape};

use super::world::{World, elsewhere, worker};

/// The rows that are here.
pub(super) const NUMBERS: [u32; 2] = [55, 56];

/// C55
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_in_a_run_loses_nothing() {
    let mut cluster = Cluster::start(Shape::default()).await;
    let id = {
        let slow = json!({"default": "echo {text}", "pause_seconds": 3});
        let agents = [("w", "worker", worker())];
        let world = World::with_script(&cluster, "c55", &agents, slow).await;
        let request = json!({"action": "process", "targets": ["w"], "samples": ["long"]});
        let id = world.request("ann", request).await;
        testkit::eventually("a worker has it", async || {
            let view = world.get(&format!("/interactions/{id}")).await;
            view["targets"][0]["status"] == "running"
        })
        .await;
        id
    };
    cluster.stop("agent-worker");
    cluster.resume("agent-worker").await;
    cluster.stop("world");
    cluster.resume("world").await;
    let world = World::again(&cluster, "c55");
    let path = format!("/interactions/{id}");
    let within = std::time::Duration::from_secs(120);
    testkit::eventually_within(within, "the run is done again", async || {
        world.get(&path).await["status"] == "ended"
    })
    .await;
    let ended = world.get(&path).await;
    assert_eq!(ended["targets"][0]["status"], "completed");
    assert_eq!(world.behaviour("w").await["state"], "ready");
    let samples = world.get("/streams/w/processor/samples").await;
    assert_eq!(samples["samples"].as_array().unwrap().len(), 1);
}

/// C56
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_where_it_was_with_its_queue_after_a_restart() {
    let mut cluster = Cluster::start(Shape::default()).await;
    let id = {
        let world = World::new(&cluster, "c56", &[("w", "worker", elsewhere())]).await;
        let request = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
        world.request("ann", request).await
    };
    cluster.stop("world");
    cluster.resume("world").await;
    let world = World::again(&cluster, "c56");
    let shown = world.behaviour("w").await;
    assert_eq!(
        (&shown["state"], &shown["requests"]),
        (&json!("elsewhere"), &json!(1))
    );
    world
        .request("ann", json!({"action": "nop", "targets": ["w"]}))
        .await;
    assert_eq!(world.ended(&id).await["targets"][0]["status"], "completed");
}
