//! Which transitions a machine makes, and when.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Cluster;
use testkit::eventually;

use super::world::{World, states, worker};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    16 while_a_state_waits_only_requests_lead_out,
    17 the_first_true_transition_is_made,
    18 teleports_come_last,
    19 a_delay_counts_from_entering_the_state,
    20 an_action_ends_when_its_time_is_over,
    21 a_failed_action_is_retried_alone,
    22 a_paused_machine_makes_one_transition_a_step,
    23 the_action_of_a_state_is_done_on_each_pass,
    24 no_machine_loops_for_ever,
    25 states_of_templates_are_renamed,
    26 a_behaviour_that_can_not_work_is_refused,
    46 ids_of_requests_are_ignored_with_a_warning,
    59 an_action_is_solid_unless_it_says_otherwise,
];

/// Of two solid transitions the first that is true is made; one that is false does not stop the others.
async fn the_first_true_transition_is_made(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [
            {"action": "check_pref_stream", "to": "b"}, {"action": "nop", "to": "c"}]},
        "b": {}, "c": {}}));
    let world = World::new(cluster, "c17", &[("w", "worker", machine)]).await;
    assert_eq!(world.behaviour("w").await["state"], "c");
}

/// `record` and `send` too, which the other system makes only on request.
async fn an_action_is_solid_unless_it_says_otherwise(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [{"action": "record", "to": "b",
            "args": {"streams": ["<agent>:x"], "num_steps": 1}}]},
        "b": {"transitions": [{"action": "send", "to": "c",
            "args": {"action_name": "process", "target": "v", "data_samples": [1]}}]},
        "c": {}}));
    let agents = [("w", "worker", machine), ("v", "worker", worker())];
    let world = World::new(cluster, "c59", &agents).await;
    assert_eq!(world.behaviour("w").await["state"], "a");
    world.put_stream("w:x", &[json!(1)]).await;
    world.reaches("w", "c").await;
    assert_eq!(world.get("/streams/w/recorded1").await["length"], 1);
}

async fn a_delay_counts_from_entering_the_state(cluster: &Cluster) {
    let delayed = states(json!({
        "a": {"transitions": [{"action": "nop", "delay_seconds": 0.3, "to": "b"}]}, "b": {}}));
    let world = World::new(cluster, "c19", &[("d", "worker", delayed)]).await;
    world.reaches("d", "b").await;
    assert!(seconds_in_a(&world, "d").await >= 0.3);
}

async fn a_failed_action_is_retried_alone(cluster: &Cluster) {
    let retried = states(json!({
        "a": {"transitions": [{"action": "check_pref_stream", "retry_seconds": 0.2, "to": "b"},
                              {"action": "nop", "to": "c"}]}, "b": {}, "c": {}}));
    let world = World::new(cluster, "c21", &[("r", "worker", retried)]).await;
    world.reaches("r", "c").await;
    assert!(seconds_in_a(&world, "r").await >= 0.2);
}

/// For how long a machine was in its state `a`.
async fn seconds_in_a(world: &World<'_>, entity: &str) -> f64 {
    let statistics = world.get("/statistics").await;
    let seconds = &statistics["entities"][entity]["seconds"]["a"];
    seconds.as_f64().unwrap()
}

/// What would go on for ever is made once, or pauses the machine with a reason.
async fn no_machine_loops_for_ever(cluster: &Cluster) {
    let once = states(json!({"a": {"transitions": [{"action": "nop", "to": "a"}]}}));
    let round = states(json!({
        "a": {"transitions": [{"action": "nop", "to": "b"}]},
        "b": {"transitions": [{"action": "nop", "to": "a"}]}}));
    let world = World::new(
        cluster,
        "loops",
        &[("one", "worker", once), ("two", "worker", round)],
    )
    .await;
    eventually("the machine is paused", async || {
        world.behaviour("two").await["paused"] == true
    })
    .await;
    let reason = world.behaviour("two").await["pause_reason"].clone();
    assert!(
        reason.as_str().unwrap().contains("256 transitions"),
        "{reason}"
    );
    let statistics = world.get("/statistics").await;
    assert_eq!(
        statistics["entities"]["one"]["actions"]["nop"]["completed"],
        1
    );
    assert_eq!(
        statistics["entities"]["two"]["actions"]["nop"]["completed"],
        256
    );
}

async fn states_of_templates_are_renamed(cluster: &Cluster) {
    let machine = json!({
        "initial": "ready",
        "templates": {"pause": {"initial": "ready", "states": {"ready": {"transitions": [
            {"action": "nop", "to": "after"}]}, "after": {}}}},
        "states": {"ready": {"transitions": [{"action": "nop", "to": {"template": "pause"}}]}}});
    let world = World::new(cluster, "c25", &[("w", "worker", machine)]).await;
    world.reaches("w", "after").await;
    let path = "/entities/w/behaviour/diagram?format=dot";
    let door = format!("{}/v1/worlds/c25{path}", cluster.gateways[0].base);
    let drawn = reqwest::get(door).await.unwrap().text().await.unwrap();
    assert!(drawn.contains("ready.1"), "{drawn}");
}

/// A behaviour that can not work is refused, with the path of the fault.
async fn a_behaviour_that_can_not_work_is_refused(cluster: &Cluster) {
    let world = World::new(cluster, "faults", &[("w", "worker", json!(null))]).await;
    let with = |transition: Value| states(json!({"a": {"transitions": [transition]}, "b": {}}));
    for (document, field) in [
        (
            with(json!({"action": "dance", "to": "b"})),
            "states.a.transitions[0].action",
        ),
        (
            with(json!({"action": "nop", "to": "c"})),
            "states.a.transitions[0].to",
        ),
        (
            with(json!({"action": "find_agents", "args": {"role": 1}, "to": "b"})),
            "states.a.transitions[0].args.role",
        ),
        (
            with(json!({"action": "send", "ready": false, "to": "b"})),
            "states.a.transitions[0].ready",
        ),
        (
            with(json!({"action": "nop", "delay_seconds": -1, "to": "b"})),
            "states.a.transitions[0].delay_seconds",
        ),
        (states(json!({"a": {}, "b": {}})), "states.b"),
    ] {
        let (status, answer) = world
            .send(Method::PUT, "/entities/w/behaviour", document)
            .await;
        assert_eq!(status, 422, "{answer}");
        assert_eq!(answer["field"], field, "{answer}");
    }
    let (status, _) = world
        .send(
            Method::PUT,
            "/entities/nobody/behaviour",
            states(json!({"a": {}})),
        )
        .await;
    assert_eq!(status, 404);
}

async fn while_a_state_waits_only_requests_lead_out(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"wait_seconds": 3600, "transitions": [
            {"action": "nop", "to": "b"}, {"action": "disengage_all", "ready": false, "to": "c"}]},
        "b": {}, "c": {}}));
    let world = World::new(cluster, "c16", &[("w", "worker", machine)]).await;
    assert_eq!(world.behaviour("w").await["state"], "a");
    let request = json!({"action": "disengage_all", "targets": ["w"]});
    assert_eq!(world.end("ann", request).await.0, "completed");
    assert_eq!(world.behaviour("w").await["state"], "c");
}

async fn teleports_come_last(cluster: &Cluster) {
    let mut machine = states(json!({
        "a": {"transitions": [{"action": "nop", "to": "b"}]}, "b": {}, "lost": {}}));
    machine["teleports"] =
        json!([{"from": "all", "action": "nop", "delay_seconds": 0.3, "to": "lost"}]);
    let world = World::new(cluster, "c18", &[("w", "worker", machine)]).await;
    world.reaches("w", "lost").await;
    let statistics = world.get("/statistics").await;
    assert!(
        statistics["entities"]["w"]["seconds"]["b"]
            .as_f64()
            .unwrap()
            >= 0.3
    );
}

/// What it has not done by then it does not do any more.
async fn an_action_ends_when_its_time_is_over(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [{"action": "process", "ready": false, "max_seconds": 0.4, "to": "b",
            "on_failure": "late"}]},
        "b": {}, "late": {}}));
    let slow = json!({"default": "echo {text}", "pause_seconds": 20});
    let agents = [("w", "worker", machine)];
    let world = World::with_script(cluster, "c20", &agents, slow).await;
    let request = json!({"action": "process", "targets": ["w"], "samples": ["x"]});
    let (status, reason) = world.end("ann", request).await;
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("timed_out", "deadline")
    );
    world.reaches("w", "late").await;
}

async fn a_paused_machine_makes_one_transition_a_step(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [{"action": "nop", "ready": false, "to": "b"}]},
        "b": {"transitions": [{"action": "nop", "ready": false, "to": "a"}]}}));
    let world = World::new(cluster, "c22", &[("w", "worker", machine)]).await;
    let control = async |what: &str| {
        let path = format!("/entities/w/behaviour/{what}");
        let (status, answer) = world.send(Method::POST, &path, json!({})).await;
        assert_eq!(status, 200, "{answer}");
    };
    control("pause").await;
    for _ in 0..3 {
        world
            .request("ann", json!({"action": "nop", "targets": ["w"]}))
            .await;
    }
    for (requests, state) in [(3, "a"), (2, "b"), (1, "a")] {
        let behaviour = world.behaviour("w").await;
        assert_eq!(
            (&behaviour["requests"], &behaviour["state"]),
            (&json!(requests), &json!(state))
        );
        control("step").await;
    }
    assert_eq!(world.behaviour("w").await["requests"], 0);
}

/// Its result is not looked at.
async fn the_action_of_a_state_is_done_on_each_pass(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"action": "next_pref_stream", "transitions": [{"action": "nop", "ready": false, "to": "b"}]},
        "b": {"action": "next_pref_stream", "transitions": [{"action": "nop", "ready": false, "to": "b"}]}}));
    let world = World::new(cluster, "c23", &[("w", "worker", machine)]).await;
    // Without a playlist it is false.
    let nop = json!({"action": "nop", "targets": ["w"]});
    assert_eq!(world.end("ann", nop.clone()).await.0, "completed");
    assert_eq!(world.behaviour("w").await["state"], "b");
    for name in ["x", "y", "z"] {
        world.put_stream(&format!("w:{name}"), &[]).await;
    }
    let streams = json!({"net_hashes": ["w:x", "w:y", "w:z"], "repeat": 100});
    assert!(world.uses("w", "set_pref_streams", streams).await);
    let before = world.behaviour("w").await["playlist"]["position"]
        .as_u64()
        .unwrap();
    assert_eq!(world.end("ann", nop).await.0, "completed");
    let after = world.behaviour("w").await["playlist"]["position"]
        .as_u64()
        .unwrap();
    assert!(after > before, "{before} {after}");
}

async fn ids_of_requests_are_ignored_with_a_warning(cluster: &Cluster) {
    let world = World::new(cluster, "c46", &[("w", "worker", worker())]).await;
    let send = json!({"action_name": "process", "target": "w", "data_samples": [1], "forced_uuid": "mine"});
    let ours = states(json!({"a": {"transitions": [
        {"action": "send", "to": "b", "args": send, "ready": true}]}, "b": {}}));
    let theirs = json!({"machine": {"initial_state": "a"}, "transitions": {"a": [
        {"goto": "b", "on": {"action": "send", "action_kwargs": send}}]}});
    for (document, field) in [
        (ours, "states.a.transitions[0].args.forced_uuid"),
        (theirs, "transitions.a[0].on.action_kwargs.forced_uuid"),
    ] {
        let put = world.put("w", document).await;
        let warnings = put["warnings"].as_array().unwrap();
        let mut of_id = warnings.iter().filter(|warning| warning["field"] == field);
        assert_eq!(of_id.next().unwrap()["code"], "unknown_field", "{put}");
    }
    let (status, field) = world.refused("ann", "send", send).await;
    assert_eq!((status, field.as_str()), (422, "arguments.forced_uuid"));
}
