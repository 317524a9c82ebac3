use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

fn world(id: &str) -> Value {
    json!({
        "id": id,
        "entities": [{"id": "guest", "kind": "user"}, {"id": "ada", "kind": "agent", "agent": {}}],
        "chats": [{"id": "main"}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nats_is_unavailable_requests_are_answered_and_everything_recovers() {
    let mut cluster = Cluster::start(Shape::default()).await;
    Http::post(&cluster.gateways, "/v1/worlds", &world("lobby")).await;
    let door = cluster.gateways[0].clone();
    cluster.nats.kill();
    eventually("readiness says why", async || {
        let answer = reqwest::get(format!("{}/readyz", door.base)).await.unwrap();
        answer.status() == StatusCode::SERVICE_UNAVAILABLE
            && answer.text().await.unwrap().contains("nats")
    })
    .await;
    let answer = reqwest::get(format!("{}/v1/worlds/lobby/state", door.base))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    cluster.nats.restart();
    cluster.ready().await;
    let body = json!({"sender": "guest", "text": "still there?"});
    let answer = Http::post(
        &cluster.gateways,
        "/v1/worlds/lobby/chats/main/messages",
        &body,
    )
    .await;
    assert_eq!(
        answer["answers"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_ends_well_on_sigterm() {
    let mut cluster = Cluster::start(Shape::default()).await;
    Http::post(&cluster.gateways, "/v1/worlds", &world("lobby")).await;
    for process in &mut cluster.processes {
        assert!(
            process.terminate(),
            "{}: {}",
            process.name,
            process.log_tail()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_name_what_is_wrong() {
    let cluster = Cluster::start(Shape::default()).await;
    Http::post(&cluster.gateways, "/v1/worlds", &world("lobby")).await;
    let door = &cluster.gateways[0];
    let messages = "/v1/worlds/lobby/chats/main/messages";
    let table = [
        ("/v1/worlds", world("lobby"), 409, "id"),
        ("/v1/worlds", json!({"id": "no spaces"}), 422, "id"),
        (
            "/v1/worlds",
            json!({"id": "x", "colour": "red"}),
            422,
            "colour",
        ),
        (messages, json!({"sender": "guest"}), 422, "text"),
        (
            messages,
            json!({"sender": "nobody", "text": "x"}),
            404,
            "sender",
        ),
        (
            messages,
            json!({"sender": "guest", "text": ""}),
            422,
            "text",
        ),
        (
            "/v1/worlds/lobby/chats/none/messages",
            json!({"sender": "guest", "text": "x"}),
            404,
            "chat",
        ),
        (
            "/v1/worlds/lobby/events",
            json!({"sender": "guest", "events": [{"type": "world.created", "data": {}}]}),
            422,
            "events[0].type",
        ),
    ];
    for (path, body, status, field) in table {
        let (answered, problem) = door
            .send(Method::POST, path, Some(&body), None)
            .await
            .unwrap();
        assert_eq!(answered.as_u16(), status, "{path} {body}: {problem}");
        assert_eq!(problem["field"], field, "{path} {body}: {problem}");
    }
    let nowhere = "/v1/worlds/nowhere/chats/main/messages";
    let body = json!({"sender": "guest", "text": "x"});
    let (answered, problem) = door
        .send(Method::POST, nowhere, Some(&body), None)
        .await
        .unwrap();
    assert_eq!(
        (answered, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown_world"))
    );
    let huge = json!({"sender": "guest", "text": "x".repeat(2 << 20)});
    let (answered, _) = door
        .send(Method::POST, messages, Some(&huge), None)
        .await
        .unwrap();
    assert_eq!(answered, StatusCode::PAYLOAD_TOO_LARGE);
}
