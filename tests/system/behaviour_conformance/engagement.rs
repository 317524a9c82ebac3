//! Links, partners, roles and badges.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Cluster;

use super::world::{World, states};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    28 of_many_engagers_one_becomes_the_partner,
    32 links_are_made_and_dropped,
    33 partners_part_and_are_available_again,
    34 who_gets_another_role_begins_anew,
    35 nobody_as_partner_is_none,
    36 a_partner_that_leaves_is_noticed,
];

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
async fn partners_part_and_are_available_again(cluster: &Cluster) {
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
    let world = World::new(cluster, "c33", &agents).await;
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
    // The student engages again, and so does the teacher.
    let engage = json!({"action": "engage", "targets": ["s"]});
    assert_eq!(world.end("t", engage).await.0, "completed");
    assert_eq!(world.behaviour("t").await["engaged"], json!(["s"]));
}

async fn of_many_engagers_one_becomes_the_partner(cluster: &Cluster) {
    let ids: Vec<String> = (0..64).map(|number| format!("t{number}")).collect();
    let mut agents = vec![("s", "student", student())];
    agents.extend(ids.iter().map(|id| (id.as_str(), "teacher", json!(null))));
    let world = World::new(cluster, "c28", &agents).await;
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

async fn links_are_made_and_dropped(cluster: &Cluster) {
    let agents = [("t", "teacher", json!(null)), ("s", "student", student())];
    let world = World::new(cluster, "c32", &agents).await;
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

async fn nobody_as_partner_is_none(cluster: &Cluster) {
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

/// A role with a behaviour is begun without what was known in the old one.
async fn who_gets_another_role_begins_anew(cluster: &Cluster) {
    let agents = [("t", "teacher", json!(null)), ("s", "student", student())];
    let world = World::new(cluster, "c34", &agents).await;
    let engage = json!({"action": "engage", "targets": ["s"]});
    assert_eq!(world.end("t", engage).await.0, "completed");
    let (status, answer) = world
        .send(
            Method::PUT,
            "",
            json!({"roles": {
            "teacher": {"behaviour": states(json!({"a": {}}))}, "student": {}}}),
        )
        .await;
    assert!(status < 300, "{answer}");
    let role = json!({"agent": "s", "role": "teacher"});
    assert!(world.uses("t", "suggest_role_to_world", role).await);
    let behaviour = world.behaviour("s").await;
    assert_eq!(
        (
            &behaviour["state"],
            &behaviour["engaged"],
            &behaviour["available"]
        ),
        (&json!("a"), &json!([]), &json!(true))
    );
}

async fn a_partner_that_leaves_is_noticed(cluster: &Cluster) {
    let teacher = states(json!({
        "a": {"transitions": [{"action": "find_agents", "args": {"role": "student"}, "to": "b"}]},
        "b": {"transitions": [{"action": "send_engage", "to": "c"}]},
        "c": {"transitions": [{"action": "disconnected", "to": "alone"}]}, "alone": {}}));
    let agents = [("s", "student", student()), ("t", "teacher", teacher)];
    let world = World::new(cluster, "c36", &agents).await;
    world.reaches("t", "c").await;
    let (status, _) = world.send(Method::DELETE, "/entities/s", json!({})).await;
    assert!(status < 300);
    world.reaches("t", "alone").await;
    assert_eq!(world.behaviour("t").await["engaged"], json!([]));
}
