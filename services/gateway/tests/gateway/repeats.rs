//! Idempotency keys that come again, with the same body or another.

use gateway::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Harness, send};

async fn send_with_key(
    harness: &Harness,
    (method, path): (&Method, &str),
    body: &Value,
) -> (u16, Value) {
    let request = harness.http.request(method.clone(), harness.url(path));
    send(request.header("idempotency-key", "k").json(body)).await
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let harness = Harness::with_lobby().await;
    for (method, path, one, other) in [
        (
            Method::POST,
            "/v1/worlds/lobby/events",
            json!({"sender": "ada", "type": "a.b", "data": 1}),
            json!({"sender": "ada", "type": "a.b", "data": 2}),
        ),
        (
            Method::POST,
            "/v1/worlds",
            json!({"id": "cellar", "entities": [{"id": "ada", "kind": "user"}]}),
            json!({"id": "attic"}),
        ),
    ] {
        let route = (&method, path);
        let first = send_with_key(&harness, route, &one).await;
        assert_eq!(first.0, 201, "{}", first.1);
        let (status, problem) = send_with_key(&harness, route, &other).await;
        let refused = (status, problem["code"].as_str(), problem["field"].as_str());
        let expected = (422, Some("idempotency_key_reused"), Some("idempotency-key"));
        assert_eq!(refused, expected, "{problem}");
        assert_eq!(send_with_key(&harness, route, &one).await, first);
    }
    assert_eq!(harness.get("/v1/worlds/attic").await.0, 404);
    // Of another path it is another key.
    let route = (&Method::POST, "/v1/worlds/cellar/events");
    let body = json!({"sender": "ada", "type": "a.b", "data": 3});
    assert_eq!(send_with_key(&harness, route, &body).await.0, 201);
}

#[tokio::test]
async fn agent_world_s_clients_get_the_refusal_in_their_form() {
    let harness = Harness::start_with(Config::default()).await;
    let route = (&Method::POST, "/worlds");
    let first = send_with_key(&harness, route, &json!({"name": "one"})).await;
    assert!(first.0 < 300, "{}", first.1);
    let (status, error) = send_with_key(&harness, route, &json!({"name": "two"})).await;
    let code = error["code"].as_str();
    let expected = (422, Some("IDEMPOTENCY_KEY_REUSED"));
    assert_eq!((status, code), expected, "{error}");
}

#[tokio::test]
async fn a_refused_request_may_be_repeated_with_what_was_wrong_put_right() {
    let harness = Harness::with_lobby().await;
    let route = (&Method::POST, "/v1/worlds/lobby/events");
    let wrong = json!({"sender": "ada", "type": "a b", "data": 1});
    assert_eq!(send_with_key(&harness, route, &wrong).await.0, 422);
    let right = json!({"sender": "ada", "type": "a.b", "data": 1});
    assert_eq!(send_with_key(&harness, route, &right).await.0, 201);
}
