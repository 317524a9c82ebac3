//! Requests that the target's state accepts, or not.

use reqwest::Method;
use serde_json::json;
use system_tests::Cluster;

use super::world::{World, elsewhere, once, worker};

pub(super) async fn rows(cluster: &Cluster) {
    accepted(cluster).await;
    waits_until_the_state_accepts(cluster).await;
    never_accepted(cluster).await;
    unknown_actions(cluster).await;
    unknown_targets(cluster).await;
    pushes(cluster).await;
    one_after_the_other(cluster).await;
    many(cluster).await;
    requester_leaves(cluster).await;
}

/// It runs, its output is on the stream of the processor, and the end has the state.
async fn accepted(cluster: &Cluster) {
    let client = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": "w", "data_samples": ["hi"], "callback": "show"}}]}, "b": {}}});
    let world = World::new(
        cluster,
        "c1",
        &[("w", "worker", worker()), ("c", "client", client)],
    )
    .await;
    let id = world
        .request(
            "ann",
            json!({"action": "process", "targets": ["w"], "samples": ["hi"]}),
        )
        .await;
    let ended = world.ended(&id).await;
    let target = &ended["targets"][0];
    assert_eq!(target["status"], "completed");
    assert_eq!(target["state"], "ready");
    assert_eq!(target["output"][0]["stream"], "w:processor");
    assert_eq!(target["output"][0]["value"], "echo hi");
    testkit::eventually("the callback has run", async || {
        world.count("interaction.shown").await == 1
    })
    .await;
    assert_eq!(world.count("interaction.shown").await, 1);
}

async fn waits_until_the_state_accepts(cluster: &Cluster) {
    let world = World::new(cluster, "c2", &[("w", "worker", elsewhere())]).await;
    let request = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
    let id = world.request("ann", request).await;
    let requests = world.get("/entities/w/requests").await;
    assert_eq!(requests["requests"][0]["status"], "waiting");
    world
        .request("ann", json!({"action": "nop", "targets": ["w"]}))
        .await;
    assert_eq!(world.ended(&id).await["targets"][0]["status"], "completed");
}

async fn never_accepted(cluster: &Cluster) {
    let world = World::new(cluster, "c3", &[("w", "worker", elsewhere())]).await;
    let request =
        json!({"action": "process", "targets": ["w"], "samples": ["hi"], "timeout_seconds": 0.5});
    let (status, reason) = world.end("ann", request).await;
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("timed_out", "deadline")
    );
    assert_eq!(world.count("action.requested").await, 0);
}

async fn unknown_actions(cluster: &Cluster) {
    let world = World::new(cluster, "c5", &[("w", "worker", worker())]).await;
    for (fields, reason) in [
        (json!({"action": "learn"}), "unknown_action"),
        (json!({"action": "dance"}), "unknown_action"),
        (json!({"action": "send"}), "unknown_action"),
        (
            json!({"action": "process", "samples": [1], "from_state": "x"}),
            "unknown_action",
        ),
        (
            json!({"action": "process", "samples": [1], "arguments": {"x": 1}}),
            "bad_arguments",
        ),
    ] {
        let mut request = fields.clone();
        request["targets"] = json!(["w"]);
        let (status, found) = world.end("ann", request).await;
        assert_eq!(
            (status.as_str(), found.as_str()),
            ("rejected", reason),
            "{fields}"
        );
    }
    // The same on other doors.
    let run = json!({"action": "dance", "agent": "w", "wait": true});
    let (status, answer) = world.send(Method::POST, "/invocations", run).await;
    assert_eq!(
        (status, &answer["status"]),
        (200, &json!("failed")),
        "{answer}"
    );
    assert_eq!(answer["code"], "unknown_action");
}

async fn unknown_targets(cluster: &Cluster) {
    let sends = once(
        "send",
        json!({"action_name": "process", "target": "nobody", "data_samples": [1]}),
    );
    let world = World::new(cluster, "c7", &[("c", "client", sends)]).await;
    assert_eq!(world.behaviour("c").await["state"], "a");
    let send = json!({"action_name": "process", "target": "nobody", "data_samples": [1]});
    assert!(!world.uses("ann", "send", send).await);
    assert_eq!(world.count("interaction.requested").await, 0);
}

/// A push without an action is stored, makes no transition, and is completed at once.
async fn pushes(cluster: &Cluster) {
    let world = World::new(cluster, "c8", &[("w", "worker", worker())]).await;
    let (status, _) = world
        .end("ann", json!({"targets": ["w"], "samples": [7]}))
        .await;
    assert_eq!(status, "completed");
    let samples = world.get("/streams/w/inbox/samples").await;
    assert_eq!(samples["samples"][0]["value"], 7);
    assert_eq!(world.count("behaviour.transitioned").await, 0);
}

async fn one_after_the_other(cluster: &Cluster) {
    let world = World::new(cluster, "c29", &[("w", "worker", worker())]).await;
    let first = json!({"action": "process", "targets": ["w"], "samples": ["1", "2", "3"]});
    let second = json!({"action": "process", "targets": ["w"], "samples": ["4"]});
    let ids = [
        world.request("ann", first).await,
        world.request("ann", second).await,
    ];
    let mut ends = Vec::new();
    for id in ids {
        ends.push(world.ended(&id).await["seq"].as_u64().unwrap());
    }
    assert!(ends[0] < ends[1], "{ends:?}");
    let samples = world.get("/streams/w/processor/samples").await;
    let values: Vec<_> = samples["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["value"].clone())
        .collect();
    assert_eq!(
        json!(values),
        json!(["echo 1", "echo 2", "echo 3", "echo 4"])
    );
}

/// All requests that wait are served, each once.
async fn many(cluster: &Cluster) {
    let world = World::new(cluster, "c57", &[("w", "worker", elsewhere())]).await;
    let mut ids = Vec::new();
    for number in 0..300 {
        let request =
            json!({"action": "process", "targets": ["w"], "samples": [number.to_string()]});
        ids.push(world.request("ann", request).await);
    }
    assert_eq!(world.behaviour("w").await["requests"], 300);
    world
        .request("ann", json!({"action": "nop", "targets": ["w"]}))
        .await;
    for id in &ids {
        assert_eq!(world.ended(id).await["targets"][0]["status"], "completed");
    }
    assert_eq!(world.behaviour("w").await["requests"], 0);
}

async fn requester_leaves(cluster: &Cluster) {
    let agents = [("w", "worker", elsewhere()), ("c", "client", json!(null))];
    let world = World::new(cluster, "c13", &agents).await;
    let request = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
    let id = world.request("c", request).await;
    let (status, _) = world.send(Method::DELETE, "/entities/c", json!({})).await;
    assert!(status < 300);
    assert_eq!(world.ended(&id).await["targets"][0]["status"], "cancelled");
}
