//! What a requester learns, and what its machine makes of it.

use reqwest::Method;
use serde_json::json;
use system_tests::Cluster;

use super::world::{World, elsewhere, states, worker};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    9 a_volatile_request_is_done_and_not_awaited,
    10 a_failure_is_known_at_once,
    11 each_target_has_its_outcome,
    12 a_wait_for_nobody_fails,
    31 a_retry_waits_for_the_same_request,
    37 with_nothing_sent_all_has_ended,
    38 what_has_come_is_received_once,
    53 a_third_party_ends_no_request,
];

async fn a_volatile_request_is_done_and_not_awaited(cluster: &Cluster) {
    let client = states(json!({
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": "w", "data_samples": ["x"], "volatile": true}}]},
        "b": {"transitions": [{"action": "all_sent_completed", "to": "c"}]}, "c": {}}));
    let agents = [("w", "worker", elsewhere()), ("c", "client", client)];
    let world = World::new(cluster, "c9", &agents).await;
    world.reaches("c", "c").await;
    world
        .request("ann", json!({"action": "nop", "targets": ["w"]}))
        .await;
    testkit::eventually("the target has done it", async || {
        world.count("action.completed").await == 1
    })
    .await;
}

async fn each_target_has_its_outcome(cluster: &Cluster) {
    let leader = states(json!({
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": ["x", "y", "z"], "data_samples": ["hi"], "timeout": 1.5, "callback": "show"}}]},
        "b": {"transitions": [{"action": "all_sent_completed", "to": "c"}]}, "c": {}}));
    let agents = [
        ("x", "worker", worker()),
        ("y", "worker", worker()),
        ("z", "worker", elsewhere()),
        ("leader", "leader", leader),
    ];
    let world = World::new(cluster, "c11", &agents).await;
    world.reaches("leader", "c").await;
    let list = world.requested_by("leader").await;
    let targets = list[0]["targets"].as_array().unwrap();
    let statuses: Vec<_> = targets
        .iter()
        .map(|target| target["status"].clone())
        .collect();
    assert_eq!(
        json!(statuses),
        json!(["completed", "completed", "timed_out"])
    );
    testkit::eventually("the callback has run", async || {
        world.count("interaction.shown").await == 1
    })
    .await;
}

/// A failure is known at once, and the requester's machine branches on it.
async fn a_failure_is_known_at_once(cluster: &Cluster) {
    let client = states(json!({
        "a": {"transitions": [{"action": "send", "to": "got", "on_failure": "lost", "args": {
            "action_name": "process", "target": "w", "data_samples": ["bad"],
            "wait_completion": true}}]},
        "got": {}, "lost": {}}));
    let agents = [("w", "worker", worker()), ("c", "client", client)];
    let world = World::new(cluster, "failures", &agents).await;
    world.reaches("c", "lost").await;
    let list = world.requested_by("c").await;
    let target = &list[0]["targets"][0];
    assert_eq!(target["status"], "failed");
    assert!(
        target["detail"].as_str().unwrap().contains("it is bad"),
        "{target}"
    );
    // The worker goes on.
    let (status, _) = world
        .end(
            "ann",
            json!({"action": "process", "targets": ["w"], "samples": ["ok"]}),
        )
        .await;
    assert_eq!(status, "completed");
}

async fn a_retry_waits_for_the_same_request(cluster: &Cluster) {
    let client = states(json!({
        "a": {"transitions": [
            {"action": "send", "to": "done", "retry_seconds": 0.3, "args": {"action_name": "process",
                "target": "w", "data_samples": ["hi"], "wait_completion": true}},
            {"action": "nop", "to": "aside"}]},
        "aside": {"transitions": [{"action": "nop", "delay_seconds": 0.2, "to": "a"}]},
        "done": {}}));
    let agents = [("w", "worker", elsewhere()), ("c", "client", client)];
    let world = World::new(cluster, "c31", &agents).await;
    world.reaches("c", "aside").await;
    world
        .request("ann", json!({"action": "nop", "targets": ["w"]}))
        .await;
    world.reaches("c", "done").await;
    assert_eq!(world.requested_by("c").await.len(), 1);
}

async fn with_nothing_sent_all_has_ended(cluster: &Cluster) {
    let world = World::new(cluster, "c37", &[("w", "worker", worker())]).await;
    for action in [
        "all_sent_completed",
        "all_engagements_completed",
        "all_asked_finished",
    ] {
        assert!(world.uses("ann", action, json!({})).await, "{action}");
    }
    assert!(
        !world
            .uses("ann", "received_some_asked_data", json!({}))
            .await
    );
    world
        .request(
            "ann",
            json!({"action": "process", "targets": ["w"], "samples": ["bad"]}),
        )
        .await;
    testkit::eventually("it has ended", async || {
        world.uses("ann", "all_asked_finished", json!({})).await
    })
    .await;
}

/// A third party can not end another's request, nor cancel it.
async fn a_third_party_ends_no_request(cluster: &Cluster) {
    let agents = [("w", "worker", elsewhere()), ("x", "worker", worker())];
    let world = World::new(cluster, "c53", &agents).await;
    let request = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
    let id = world.request("ann", request).await;
    for target in ["w", "x"] {
        let result = json!({"target": target, "ok": true, "samples": ["forged"]});
        let path = format!("/interactions/{id}/result");
        let (status, answer) = world.send(Method::POST, &path, result).await;
        assert_eq!(status, 403, "{answer}");
    }
    assert_eq!(
        world.get(&format!("/interactions/{id}")).await["status"],
        "open"
    );
}

/// No target has done it: that is no success.
async fn a_wait_for_nobody_fails(cluster: &Cluster) {
    let client = |failure: bool| {
        let mut send = json!({"action": "send", "to": "got", "args": {"action_name": "process",
            "target": "w", "data_samples": ["hi"], "wait_completion": true, "timeout": 0.5}});
        if failure {
            send["on_failure"] = json!("lost");
        }
        states(
            json!({"a": {"transitions": [send, {"action": "nop", "to": "aside"}]},
            "aside": {}, "got": {}, "lost": {"transitions": [{"action": "nop", "ready": false, "to": "got"}]}}),
        )
    };
    let mut aside = client(false);
    aside["states"].as_object_mut().unwrap().remove("lost");
    let agents = [
        ("w", "worker", elsewhere()),
        ("c", "client", client(true)),
        ("d", "client", aside),
    ];
    let world = World::new(cluster, "c12", &agents).await;
    world.reaches("c", "lost").await;
    world.reaches("d", "aside").await;
    assert_eq!(
        world.requested_by("c").await[0]["targets"][0]["status"],
        "timed_out"
    );
}

async fn what_has_come_is_received_once(cluster: &Cluster) {
    let client = states(json!({
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": ["w", "x"], "data_samples": ["hi"]}}]},
        "b": {"transitions": [{"action": "received_some_asked_data", "to": "c"}]},
        "c": {"transitions": [{"action": "all_sent_completed", "to": "d"}]},
        "d": {}}));
    let agents = [
        ("w", "worker", worker()),
        ("x", "worker", elsewhere()),
        ("c", "client", client),
    ];
    let world = World::new(cluster, "c38", &agents).await;
    world.reaches("c", "c").await;
    assert!(!world.uses("c", "received_some_asked_data", json!({})).await);
    assert!(!world.uses("c", "all_asked_finished", json!({})).await);
    world
        .request("ann", json!({"action": "nop", "targets": ["x"]}))
        .await;
    world.reaches("c", "d").await;
    assert!(
        world
            .uses("c", "received_some_asked_data", json!({"data_type": "all"}))
            .await
    );
}
