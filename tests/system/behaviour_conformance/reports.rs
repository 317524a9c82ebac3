//! What entities suggest to the world.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Cluster;

use super::world::{World, once};
use super::{Row, rows};

pub(super) const ROWS: &[Row] = rows![
    51 badges_are_recorded_or_refused,
    52 what_makes_no_sense_is_refused_with_the_field,
    60 only_masters_suggest,
];

async fn school<'a>(cluster: &'a Cluster, id: &str) -> World<'a> {
    let agents = [("t", "teacher", json!(null)), ("s", "student", json!(null))];
    World::new(cluster, id, &agents).await
}

/// Without a score it is recorded with none.
async fn badges_are_recorded_or_refused(cluster: &Cluster) {
    let world = school(cluster, "c51").await;
    let badge = |fields: Value| {
        let mut arguments = json!({"agent": "s"});
        let fields = fields.as_object().unwrap().clone();
        arguments.as_object_mut().unwrap().extend(fields);
        arguments
    };
    let suggest = "suggest_badges_to_world";
    assert!(world.uses("t", suggest, badge(json!({}))).await);
    for (fields, field) in [
        (json!({"score": 2}), "arguments.score"),
        (json!({"badge_type": "gold"}), "arguments.badge_type"),
    ] {
        let refused = world.refused("t", suggest, badge(fields)).await;
        assert_eq!(refused, (422, field.to_owned()));
    }
    assert!(
        world
            .uses(
                "t",
                suggest,
                badge(json!({"score": 1, "badge_type": "pro"}))
            )
            .await
    );
    let seq = world.get("/roster").await["seq"].clone();
    let page = world.get(&format!("/badges?wait_for={seq}")).await;
    let badges = page["badges"].as_array().unwrap();
    let scores: Vec<&Value> = badges.iter().map(|badge| &badge["score"]).collect();
    assert_eq!(scores, [&Value::Null, &json!(1.0)]);
}

async fn what_makes_no_sense_is_refused_with_the_field(cluster: &Cluster) {
    let world = school(cluster, "c52").await;
    let many: Vec<&str> = vec!["s"; 10_000];
    for (action, arguments, status, field) in [
        ("suggest_role_to_world", json!({}), 422, "role"),
        ("suggest_role_to_world", json!({"role": 1}), 422, "role"),
        (
            "suggest_role_to_world",
            json!({"role": "dean"}),
            422,
            "role",
        ),
        (
            "suggest_role_to_world",
            json!({"role": "student", "agent": []}),
            422,
            "agent",
        ),
        (
            "suggest_role_to_world",
            json!({"role": "student", "agent": many}),
            413,
            "agent",
        ),
        (
            "suggest_role_to_world",
            json!({"role": "student", "agent": ["s", "nobody"]}),
            404,
            "agent[1]",
        ),
        (
            "suggest_role_to_world",
            json!({"role": "student", "who": "s"}),
            422,
            "who",
        ),
        ("ask_world_stats", json!({"filters": "all"}), 422, "filters"),
        (
            "ask_world_stats",
            json!({"filters": {"names": []}}),
            422,
            "filters.names",
        ),
        ("ask_world_stats", json!({"since": 0}), 422, "since"),
        ("show", json!({"interaction": "x"}), 422, "interaction"),
        (
            "suggest_badges_to_world",
            json!({"agent": many}),
            413,
            "agent",
        ),
    ] {
        let refused = world.refused("t", action, arguments).await;
        assert_eq!(refused, (status, format!("arguments.{field}")), "{action}");
    }
    malformed(&world).await;
}

async fn malformed(world: &World<'_>) {
    // JSON has no such number.
    let path = "/entities/t/actions/suggest_badges_to_world";
    let body = r#"{"arguments": {"agent": "s", "score": NaN}}"#;
    let (status, answer) = world.post_text(path, body).await;
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("malformed_json")),
        "{answer}"
    );
    let (status, _) = world
        .send(
            Method::POST,
            "/entities/nobody/actions/show",
            json!({"arguments": {}}),
        )
        .await;
    assert_eq!(status, 404);
    assert!(!world.uses("t", "show", json!({})).await);
    assert!(world.uses("t", "ask_world_stats", json!({})).await);
}

/// A master may suggest a role for itself: its machine is the one of that role then.
async fn only_masters_suggest(cluster: &Cluster) {
    let world = school(cluster, "c60").await;
    for (action, arguments) in [
        ("suggest_badges_to_world", json!({"agent": "s", "score": 1})),
        (
            "suggest_role_to_world",
            json!({"agent": "s", "role": "teacher"}),
        ),
    ] {
        assert!(!world.uses("s", action, arguments).await, "{action}");
    }
    assert_eq!(world.count("badge.awarded").await, 0);
    let role = json!({"agent": "<agent>", "role": "student"});
    world.put("t", once("suggest_role_to_world", role)).await;
    world.reaches("t", "done").await;
    let roster = world.get("/roster").await;
    let mut rows = roster["roster"].as_array().unwrap().iter();
    let teacher = rows.find(|row| row["entity"] == "t").unwrap();
    assert_eq!(teacher["role"], "student");
}
