//! Which transitions a machine makes, and when.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Cluster;
use testkit::eventually;

use super::world::{World, states};

pub(super) async fn rows(cluster: &Cluster) {
    order(cluster).await;
    times(cluster).await;
    loops(cluster).await;
    templates(cluster).await;
    faults(cluster).await;
}

/// Of two solid transitions the first that is true is made; one that is false does not stop the others.
async fn order(cluster: &Cluster) {
    let machine = states(json!({
        "a": {"transitions": [
            {"action": "check_pref_stream", "to": "b"}, {"action": "nop", "to": "c"}]},
        "b": {}, "c": {"transitions": [{"action": "record", "ready": true, "to": "d",
            "args": {"streams": ["<agent>:x"], "num_steps": 1}}]}, "d": {}}));
    let world = World::new(cluster, "c17", &[("w", "worker", machine)]).await;
    assert_eq!(world.behaviour("w").await["state"], "c");
    // `record` is solid where `ready` is absent, too.
    world.put_stream("w:x", &[json!(1)]).await;
    world.reaches("w", "d").await;
    assert_eq!(world.get("/streams/w/recorded1").await["length"], 1);
}

async fn times(cluster: &Cluster) {
    let delayed = states(json!({
        "a": {"transitions": [{"action": "nop", "delay_seconds": 0.3, "to": "b"}]}, "b": {}}));
    let retried = states(json!({
        "a": {"transitions": [{"action": "check_pref_stream", "retry_seconds": 0.2, "to": "b"},
                              {"action": "nop", "to": "c"}]}, "b": {}, "c": {}}));
    let agents = [("d", "worker", delayed), ("r", "worker", retried)];
    let world = World::new(cluster, "c19", &agents).await;
    for (entity, end) in [("d", "b"), ("r", "c")] {
        world.reaches(entity, end).await;
        let behaviour = world.behaviour(entity).await;
        let statistics = world.get("/statistics").await;
        let seconds = statistics["entities"][entity]["seconds"]["a"]
            .as_f64()
            .unwrap();
        assert!(seconds >= 0.2, "{behaviour} {seconds}");
    }
}

/// What would go on for ever is made once, or pauses the machine with a reason.
async fn loops(cluster: &Cluster) {
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

async fn templates(cluster: &Cluster) {
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
async fn faults(cluster: &Cluster) {
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
