//! Links, partners, roles and badges.

use serde_json::{Value, json};
use system_tests::Cluster;

use super::world::{World, states};

pub(super) async fn rows(cluster: &Cluster) {
    pairs(cluster).await;
    many_engagers(cluster).await;
    links(cluster).await;
    partners(cluster).await;
}

fn student() -> Value {
    json!({"initial": "init", "states": {
        "init": {"transitions": [{"action": "engage", "ready": false, "to": "engaged",
            "args": {"acceptable_role": "teacher"}}]},
        "engaged": {"transitions": [
            {"action": "disengage", "ready": false, "to": "init"},
            {"action": "engage", "ready": false, "to": "engaged",
             "args": {"acceptable_role": "teacher"}}]}}})
}

/// The seed's pairing; only those who accept are partners; both are available again after it.
async fn pairs(cluster: &Cluster) {
    let teacher = states(json!({
        "a": {"transitions": [{"action": "connect_by_role", "args": {"role": "student"}, "to": "connected"}]},
        "connected": {"transitions": [{"action": "agents_are_waiting", "to": "connected"},
            {"action": "find_agents", "args": {"role": "student", "handshake_completed": true}, "to": "found"}]},
        "found": {"transitions": [{"action": "send_engage", "to": "paired"}]},
        "paired": {"transitions": [{"action": "nop", "ready": false, "to": "leaving"}]},
        "leaving": {"transitions": [{"action": "send_disengage", "to": "free"}]},
        "free": {}}));
    let refuses = json!({"initial": "busy", "states": {"busy": {"transitions": [
        {"action": "engage", "ready": false, "to": "busy", "args": {"acceptable_role": "dean"}}]}}});
    let agents = [
        ("t", "teacher", teacher),
        ("s", "student", student()),
        ("r", "student", refuses),
    ];
    let world = World::new(cluster, "pairs", &agents).await;
    world.reaches("t", "paired").await;
    let teacher = world.behaviour("t").await;
    assert_eq!(teacher["engaged"], json!(["s"]));
    assert_eq!(teacher["found"], json!(["r"]));
    assert_eq!(world.behaviour("s").await["engaged"], json!(["t"]));
    world
        .request("ann", json!({"action": "nop", "targets": ["t"]}))
        .await;
    world.reaches("t", "free").await;
    world.reaches("s", "init").await;
    for entity in ["t", "s"] {
        assert_eq!(world.behaviour(entity).await["available"], true);
    }
}

async fn many_engagers(cluster: &Cluster) {
    let ids: Vec<String> = (0..64).map(|number| format!("t{number}")).collect();
    let mut agents = vec![("s", "student", student())];
    agents.extend(ids.iter().map(|id| (id.as_str(), "teacher", json!(null))));
    let world = World::new(cluster, "engagers", &agents).await;
    let requests = ids
        .iter()
        .map(|id| world.request(id, json!({"action": "engage", "targets": ["s"]})));
    let interactions = futures::future::join_all(requests).await;
    let mut completed = 0;
    for id in &interactions {
        let ended = world.ended(id).await;
        let target = &ended["targets"][0];
        if target["status"] == "completed" {
            completed += 1;
        } else {
            assert_eq!(
                (&target["status"], &target["reason"]),
                (&json!("rejected"), &json!("busy"))
            );
        }
    }
    assert_eq!(completed, 1);
    assert_eq!(
        world.behaviour("s").await["engaged"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let (status, reason) = world
        .end(
            "ann",
            json!({"action": "engage", "targets": ["s"],
        "arguments": {"sender_role": "teacher"}}),
        )
        .await;
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("rejected", "role_mismatch")
    );
}

async fn links(cluster: &Cluster) {
    let agents = [("t", "teacher", json!(null)), ("s", "student", student())];
    let world = World::new(cluster, "links", &agents).await;
    for guard in ["connected", "disconnected", "agents_are_waiting"] {
        assert!(!world.uses("t", guard, json!({})).await, "{guard}");
    }
    assert!(
        world
            .uses("t", "connect_by_role", json!({"role": "student"}))
            .await
    );
    testkit::eventually("the link is connected", async || {
        world
            .uses("t", "connected", json!({"handshake_completed": true}))
            .await
    })
    .await;
    assert_eq!(
        world.behaviour("s").await["links"],
        json!({"t": "connected"})
    );
    assert!(world.uses("t", "disconnect", json!({"agent": "s"})).await);
    assert!(world.uses("t", "disconnected", json!({})).await);
    assert_eq!(world.behaviour("s").await["links"], json!({}));
}

async fn partners(cluster: &Cluster) {
    let agents = [("t", "teacher", json!(null)), ("s", "student", student())];
    let world = World::new(cluster, "c35", &agents).await;
    assert!(
        world
            .uses("t", "set_engaged_partner", json!({"agent": "s"}))
            .await
    );
    assert!(
        world
            .uses("t", "set_engaged_partner", json!({"agent": null}))
            .await
    );
    let roster = world.get("/roster").await;
    let teacher = roster["roster"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["entity"] == "t");
    assert_eq!(teacher.unwrap()["engaged"], json!([]));
}
