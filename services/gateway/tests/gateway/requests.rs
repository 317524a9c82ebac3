//! Requests: successful ones, and those that are rejected with the field at fault.

use std::num::NonZeroU32;

use contract::Timestamp;
use contract::query::{ChatRow, ChatsQuery, QueryReply};
use gateway::{ApiKey, Config, Limits, Rate};
use serde_json::{Value, json};

use crate::support::{Harness, send};

/// A body, and the status, the code and the field of its problem.
fn invalid_requests() -> Vec<(&'static str, Value, u16, &'static str, &'static str)> {
    let events = "/v1/worlds/lobby/events";
    vec![
        (
            "/v1/worlds",
            json!({"id": "lobby"}),
            409,
            "already_exists",
            "id",
        ),
        ("/v1/worlds", json!({"id": "a b"}), 422, "invalid", "id"),
        ("/v1/worlds", json!({"name": "x"}), 422, "invalid", "id"),
        (
            "/v1/worlds",
            json!({"id": "x", "nmae": ""}),
            422,
            "invalid",
            "nmae",
        ),
        (
            "/v1/worlds/nowhere/events",
            json!({"sender": "ada", "type": "a.b", "data": 1}),
            404,
            "unknown_world",
            "world",
        ),
        (
            "/v1/worlds/a%20b/events",
            json!({"sender": "ada", "type": "a.b", "data": 1}),
            400,
            "invalid",
            "world",
        ),
        (
            events,
            json!({"sender": "ada", "type": "message.posted", "data": 1}),
            422,
            "reserved_type",
            "type",
        ),
        (
            events,
            json!({"sender": "ada", "events": [{"type": "message.posted", "data": 1}]}),
            422,
            "reserved_type",
            "events[0].type",
        ),
        (
            events,
            json!({"sender": "ada", "type": "a.b", "data": 1, "dat": 1}),
            422,
            "invalid",
            "dat",
        ),
        (
            "/v1/worlds/nowhere/chats/main/messages",
            json!({"sender": "bob", "text": "hi"}),
            404,
            "unknown_world",
            "world",
        ),
        (
            "/v1/worlds/lobby/chats/main/messages",
            json!({"sender": "bob"}),
            422,
            "invalid",
            "text",
        ),
    ]
}

#[tokio::test]
async fn a_problem_names_the_field_and_the_gateway_stays_available() {
    let harness = Harness::with_lobby().await;
    for (path, body, status, code, field) in invalid_requests() {
        let (got, problem) = harness.post(path, body.clone()).await;
        let named = (got, problem["code"].as_str(), problem["field"].as_str());
        assert_eq!(
            named,
            (status, Some(code), Some(field)),
            "{path} {body} {problem}"
        );
        assert_eq!(problem["status"], status);
    }
    assert_eq!(harness.get("/v1/worlds/lobby").await.0, 200);
    assert_eq!(harness.get("/v1/worlds/lobby/entities/ada").await.0, 200);
    assert_eq!(harness.get("/readyz").await.0, 200);
}

#[tokio::test]
async fn a_wrong_path_or_query_is_rejected() {
    let harness = Harness::with_lobby().await;
    for (path, status, code) in [
        ("/v1/nothing", 404, "unknown_route"),
        ("/v1/worlds/lobby/chats/main/stop", 405, "unknown_method"),
        ("/v1/worlds/lobby/state?att=1", 400, "invalid"),
        ("/v1/worlds/lobby/events?limit=0", 400, "invalid"),
        ("/v1/worlds/lobby/entities/nobody", 404, "unknown_entity"),
        ("/v1/worlds/nowhere", 404, "unknown_world"),
        ("/v1/worlds/lobby/events/stream?after=x", 400, "invalid"),
        ("/v1/worlds/nowhere/events/stream", 404, "unknown_world"),
        ("/v1/worlds/lobby/ws", 426, "upgrade_required"),
    ] {
        let (got, problem) = harness.get(path).await;
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{path} {problem}"
        );
    }
}

#[tokio::test]
async fn a_body_of_the_wrong_type_or_size_is_rejected() {
    let limits = Limits {
        body_bytes_max: 1000,
        world_bytes_max: 1000,
        ..Limits::default()
    };
    let harness = Harness::start_with(Config {
        limits,
        ..Config::default()
    })
    .await;
    let post = || harness.http.post(harness.url("/v1/worlds"));
    let json = "application/json";
    for (content_type, body, status, code) in [
        (json, "{".to_owned(), 400, "malformed_json"),
        (json, String::new(), 400, "malformed_json"),
        (json, "[]".to_owned(), 422, "invalid"),
        ("text/plain", "{}".to_owned(), 415, "unsupported_media_type"),
        (json, format!("{:2000}", ""), 413, "too_large"),
    ] {
        let request = post().header("content-type", content_type).body(body);
        let (got, problem) = send(request).await;
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_repeated_key_or_cloud_event_is_stored_once() {
    let harness = Harness::with_lobby().await;
    let path = "/v1/worlds/lobby/events";
    let keyed = || {
        let body = json!({"sender": "ada", "type": "a.b", "data": 1});
        let request = harness.http.post(harness.url(path)).json(&body);
        send(request.header("idempotency-key", "order-7"))
    };
    let (first, second) = (keyed().await, keyed().await);
    assert_eq!(first.0, 201);
    assert_eq!(first, second);
    let structured = || {
        let event = json!({
            "specversion": "1.0", "id": "7", "source": "/shop", "type": "shop.order",
            "sender": "ada", "data": {"n": 7},
        });
        let request = harness.http.post(harness.url(path)).body(event.to_string());
        send(request.header("content-type", "application/cloudevents+json"))
    };
    let (first, second) = (structured().await, structured().await);
    assert_eq!(first.0, 201);
    assert_eq!(first, second);
    let binary = harness
        .http
        .post(harness.url(path))
        .header("ce-specversion", "1.0")
        .header("ce-id", "7")
        .header("ce-source", "/shop")
        .header("ce-type", "shop.order")
        .header("ce-sender", "ada")
        .header("content-type", "application/json")
        .body(r#"{"n":7}"#);
    assert_eq!(send(binary).await, first, "the form makes no difference");
    let bad_key = harness
        .http
        .post(harness.url(path))
        .header("idempotency-key", "a b");
    let (status, problem) = send(bad_key.json(&json!({}))).await;
    assert_eq!(
        (status, &problem["field"]),
        (400, &json!("idempotency-key"))
    );
}

#[tokio::test]
async fn a_request_needs_a_key_and_stays_below_the_rate() {
    let limits = Limits {
        rate: Rate {
            requests_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(3).unwrap(),
        },
        ..Limits::default()
    };
    let harness = Harness::start_with(Config {
        api_keys: vec![ApiKey::new("secret")],
        limits,
        ..Config::default()
    })
    .await;
    let (status, problem) = harness.get("/v1/worlds/lobby").await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")));
    assert_eq!(harness.get("/v1/worlds/lobby?api_key=wrong").await.0, 401);
    let written = harness.post("/v1/worlds?api_key=secret", json!({"id": "lobby"}));
    assert_eq!(written.await.0, 401);
    assert_eq!(harness.get("/readyz").await.0, 200);
    assert_eq!(harness.get("/openapi.json").await.0, 200);
    assert_eq!(harness.get("/v1/worlds/lobby?api_key=secret").await.0, 404);
    let request = || harness.http.get(harness.url("/v1/worlds/lobby"));
    assert_eq!(send(request().bearer_auth("secret")).await.0, 404);
    assert_eq!(send(request().header("x-api-key", "secret")).await.0, 404);
    let limited = request().bearer_auth("secret").send().await.unwrap();
    assert_eq!(limited.status().as_u16(), 429);
    assert_eq!(limited.headers()["retry-after"], "1");
}

#[tokio::test]
async fn a_public_address_without_keys_is_rejected() {
    let config = Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..Config::default()
    };
    let error = gateway::run(config, Default::default()).await.unwrap_err();
    assert!(error.to_string().contains("api_keys"), "{error}");
}

#[tokio::test]
async fn a_message_is_answered_with_its_complete_turn() {
    let mut harness = Harness::with_lobby().await;
    harness.start_worker().await;
    let path = "/v1/worlds/lobby/chats/main/messages";
    let post = || {
        let body = json!({"sender": "bob", "text": "hello"});
        let request = harness.http.post(harness.url(path)).json(&body);
        send(request.header("idempotency-key", "hello"))
    };
    let (status, turn) = post().await;
    assert_eq!(status, 200, "{turn}");
    assert_eq!(turn["answers"][0]["text"], "you said hello");
    assert_eq!(turn["answers"].as_array().unwrap().len(), 1);
    assert_eq!(turn["failures"], json!([]));
    // The turn is over: its answers are in the log.
    assert_eq!(post().await, (status, turn));
    let body = json!({"sender": "bob", "text": "hello", "wait": false});
    let (status, accepted) = harness.post(path, body).await;
    assert_eq!(status, 202);
    assert!(accepted["seq"].is_u64() && accepted.get("answers").is_none());
}

#[tokio::test]
async fn a_truncated_list_is_marked() {
    let harness = Harness::with_lobby().await;
    let queries = harness.bus.responder().subscribe_queries::<ChatsQuery>();
    let mut queries = queries.await.unwrap();
    let archive = async {
        for more in [true, false] {
            let row = ChatRow {
                id: "main".parse().unwrap(),
                title: String::new(),
                created_at: Timestamp::now(),
                messages: 0,
            };
            let rows = vec![row];
            let query = queries.next().await.unwrap();
            query.reply.send(&QueryReply::Rows { rows, more }).await;
        }
    };
    let listed = async {
        let cut = harness.get("/v1/worlds/lobby/chats").await.1;
        (cut, harness.get("/v1/worlds/lobby/chats").await.1)
    };
    let ((), (cut, complete)) = tokio::join!(archive, listed);
    assert_eq!(cut["more"], json!(true), "{cut}");
    assert_eq!(cut["chats"][0]["id"], json!("main"), "{cut}");
    assert_eq!(complete.get("more"), None, "{complete}");
}
