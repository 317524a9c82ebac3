//! Requests that the target's state accepts, or not.

use reqwest::Method;
use serde_json::json;
use system_tests::Cluster;

use super::world::{World, elsewhere, once, states, worker};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    1 a_request_to_an_accepting_state_runs,
    2 a_request_waits_until_the_state_accepts_it,
    3 a_request_that_is_never_accepted_times_out,
    4 a_request_may_name_the_states_that_it_means,
    5 an_action_in_no_state_is_rejected_at_once,
    6 what_a_transition_pins_no_request_overrides,
    7 a_send_to_an_unknown_target_is_false,
    8 a_push_is_stored_and_makes_no_transition,
    13 a_requester_that_leaves_cancels_its_requests,
    14 a_target_that_leaves_ends_its_requests,
    15 a_request_that_is_false_lets_the_next_one_run,
    29 a_second_request_runs_after_all_steps_of_the_first,
    30 a_requester_cancels_and_nobody_else,
    57 ten_thousand_requests_are_served,
    58 three_hundred_runs_are_done_once_each,
];

/// It runs, its output is on the stream of the processor, and the end has the state.
async fn a_request_to_an_accepting_state_runs(cluster: &Cluster) {
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

async fn a_request_waits_until_the_state_accepts_it(cluster: &Cluster) {
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

async fn a_request_that_is_never_accepted_times_out(cluster: &Cluster) {
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

async fn an_action_in_no_state_is_rejected_at_once(cluster: &Cluster) {
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

async fn a_send_to_an_unknown_target_is_false(cluster: &Cluster) {
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
async fn a_push_is_stored_and_makes_no_transition(cluster: &Cluster) {
    let world = World::new(cluster, "c8", &[("w", "worker", worker())]).await;
    let (status, _) = world
        .end("ann", json!({"targets": ["w"], "samples": [7]}))
        .await;
    assert_eq!(status, "completed");
    let samples = world.get("/streams/w/inbox/samples").await;
    assert_eq!(samples["samples"][0]["value"], 7);
    assert_eq!(world.count("behaviour.transitioned").await, 0);
}

async fn a_second_request_runs_after_all_steps_of_the_first(cluster: &Cluster) {
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
async fn three_hundred_runs_are_done_once_each(cluster: &Cluster) {
    let world = World::new(cluster, "c58", &[("w", "worker", elsewhere())]).await;
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

async fn a_requester_that_leaves_cancels_its_requests(cluster: &Cluster) {
    let agents = [("w", "worker", elsewhere()), ("c", "client", json!(null))];
    let world = World::new(cluster, "c13", &agents).await;
    let request = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
    let id = world.request("c", request).await;
    let (status, _) = world.send(Method::DELETE, "/entities/c", json!({})).await;
    assert!(status < 300);
    assert_eq!(world.ended(&id).await["targets"][0]["status"], "cancelled");
}

/// `from_state` and `to_state` choose among transitions of the same action.
async fn a_request_may_name_the_states_that_it_means(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [{"action": "nop", "ready": false, "to": "b"},
                              {"action": "nop", "ready": false, "to": "c"}]},
        "b": {}, "c": {"transitions": [{"action": "process", "ready": false, "to": "c"}]}}));
    let world = World::new(cluster, "c4", &[("w", "worker", machine)]).await;
    let later = json!({"action": "process", "targets": ["w"], "samples": [1], "from_state": "c"});
    let later = world.request("ann", later).await;
    let request = json!({"action": "nop", "targets": ["w"], "to_state": "c"});
    assert_eq!(world.end("ann", request).await.0, "completed");
    assert_eq!(world.behaviour("w").await["state"], "c");
    assert_eq!(world.ended(&later).await["targets"][0]["state"], "c");
    let request = json!({"action": "nop", "targets": ["w"], "from_state": "b"});
    assert_eq!(world.end("ann", request).await.1, "unknown_action");
}

async fn what_a_transition_pins_no_request_overrides(cluster: &Cluster) {
    let machine = states(json!({"a": {"transitions": [
        {"action": "engage", "ready": false, "to": "a", "args": {"acceptable_role": "client"}}]}}));
    let agents = [("w", "worker", machine), ("c", "client", json!(null))];
    let world = World::new(cluster, "c6", &agents).await;
    let engage = |role: &str| json!({"action": "engage", "targets": ["w"], "arguments": {"acceptable_role": role}});
    let (status, reason) = world.end("c", engage("worker")).await;
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("rejected", "bad_arguments")
    );
    assert_eq!(world.end("c", engage("client")).await.0, "completed");
    assert_eq!(world.behaviour("w").await["engaged"], json!(["c"]));
}

async fn a_target_that_leaves_ends_its_requests(cluster: &Cluster) {
    let agents = [("w", "worker", elsewhere()), ("x", "worker", worker())];
    let world = World::new(cluster, "c14", &agents).await;
    let request = json!({"action": "process", "targets": ["w", "x"], "samples": ["hi"]});
    let id = world.request("ann", request).await;
    let (status, _) = world.send(Method::DELETE, "/entities/w", json!({})).await;
    assert!(status < 300);
    let ended = world.ended(&id).await;
    let statuses = [0, 1].map(|target| ended["targets"][target]["status"].clone());
    assert_eq!(json!(statuses), json!(["left", "completed"]));
}

/// It is tried again when what it reads has changed.
async fn a_request_that_is_false_lets_the_next_one_run(cluster: &Cluster) {
    let guard = states(json!({"a": {"transitions": [
        {"action": "connected", "ready": false, "to": "a"}]}}));
    let agents = [("w", "worker", guard), ("v", "worker", worker())];
    let world = World::new(cluster, "c15", &agents).await;
    let connected = |agent: &str| json!({"action": "connected", "targets": ["w"], "arguments": {"agent": agent}});
    let first = world.request("ann", connected("ann")).await;
    assert!(world.uses("w", "connect_to", json!({"peer_id": "v"})).await);
    let second = world.request("ann", connected("v")).await;
    assert_eq!(
        world.ended(&second).await["targets"][0]["status"],
        "completed"
    );
    assert_eq!(
        world.get(&format!("/interactions/{first}")).await["status"],
        "open"
    );
    assert!(
        world
            .uses("w", "connect_to", json!({"peer_id": "ann"}))
            .await
    );
    assert_eq!(
        world.ended(&first).await["targets"][0]["status"],
        "completed"
    );
}

async fn a_requester_cancels_and_nobody_else(cluster: &Cluster) {
    let agents = [("w", "worker", elsewhere()), ("c", "client", json!(null))];
    let world = World::new(cluster, "c30", &agents).await;
    let request = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
    let id = world.request("c", request).await;
    let path = format!("/interactions/{id}?sender=");
    let (status, answer) = world
        .send(Method::DELETE, &format!("{path}ann"), json!({}))
        .await;
    assert_eq!(status, 403, "{answer}");
    let (status, answer) = world
        .send(Method::DELETE, &format!("{path}c"), json!({}))
        .await;
    assert!(status < 300, "{answer}");
    assert_eq!(world.ended(&id).await["targets"][0]["status"], "cancelled");
    assert_eq!(world.behaviour("w").await["requests"], 0);
}

/// They wait for the state that accepts them, however many there are; none pauses the machine.
async fn ten_thousand_requests_are_served(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [{"action": "disengage_all", "ready": false, "to": "b"}]},
        "b": {"transitions": [{"action": "nop", "ready": false, "to": "b"}]}}));
    let world = World::new(cluster, "c57", &[("w", "worker", machine)]).await;
    let targets: Vec<&str> = vec!["w"];
    for _ in 0..100 {
        let requests = (0..100).map(|_| {
            world.request(
                "ann",
                json!({"action": "nop", "targets": targets, "timeout_seconds": 3600}),
            )
        });
        futures::future::join_all(requests).await;
    }
    assert_eq!(world.behaviour("w").await["requests"], 10_000);
    world
        .request("ann", json!({"action": "disengage_all", "targets": ["w"]}))
        .await;
    let within = std::time::Duration::from_secs(120);
    testkit::eventually_within(within, "all are served", async || {
        world.behaviour("w").await["requests"] == 0
    })
    .await;
    let behaviour = world.behaviour("w").await;
    assert_eq!(behaviour["paused"], false, "{behaviour}");
    let statistics = world.get("/statistics").await;
    assert_eq!(
        statistics["entities"]["w"]["actions"]["nop"],
        json!({"completed": 10_000, "failed": 0})
    );
}
