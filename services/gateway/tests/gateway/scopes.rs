//! Every route of every door, with keys and tokens that may do some things only.

use std::io::Write as _;

use gateway::{ApiKey, Config, JwtConfig};
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::lobby;
use crate::sockets::Socket;
use crate::support::{Harness, call};

const SECRET: &[u8] = b"the secret of the tests: 32 bytes";

fn key(json: Value) -> ApiKey {
    serde_json::from_value(json).unwrap()
}

/// A gateway with the world `lobby`, keys, and tokens that are signed with [`SECRET`].
pub(crate) async fn lobby() -> Harness {
    let mut secret = NamedTempFile::new().unwrap();
    secret.write_all(SECRET).unwrap();
    let config = Config {
        api_keys: vec![
            ApiKey::new("full"),
            key(json!({"key": "elsewhere", "worlds": ["other", "team-*"]})),
            key(json!({"key": "reader", "scopes": ["read"]})),
            key(json!({"key": "sender", "scopes": ["send"]})),
            key(json!({"key": "nothing", "scopes": []})),
        ],
        jwt: JwtConfig {
            secret_file: Some(secret.path().to_owned()),
            ..JwtConfig::default()
        },
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let path = "/v1/worlds";
    let (status, created) = call(&harness, "full", Method::POST, path, &lobby::lobby()).await;
    assert_eq!(status, 201, "{created}");
    harness
}

pub(crate) fn token(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET).unwrap();
    encode(&Header::default(), claims, &key).unwrap()
}

/// A token for an hour.
fn token_with(permissions: &Value) -> String {
    token(&json!({"sub": "ann", "exp": in_seconds(3600), "manyworlds": permissions}))
}

pub(crate) fn in_seconds(seconds: i64) -> i64 {
    contract::Timestamp::now().as_unix_ms() / 1000 + seconds
}

/// A route of the description of all doors.
struct Route {
    method: Method,
    template: String,
    /// With the world `lobby`.
    path: String,
}

async fn routes(harness: &Harness) -> Vec<Route> {
    let (status, description) = harness.get("/openapi.json").await;
    assert_eq!(status, 200);
    let mut routes = Vec::new();
    for (template, methods) in description["paths"].as_object().unwrap() {
        let path = template.replace("{world}", "lobby");
        let mut path = path.replace("{worldId}", "lobby");
        while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
            path.replace_range(start..=end, "x");
        }
        for method in methods.as_object().unwrap().keys() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                routes.push(Route {
                    method,
                    template: template.clone(),
                    path: path.clone(),
                });
            }
        }
    }
    assert!(routes.len() > 100, "{}", routes.len());
    routes
}

/// The routes that need no key: probes, and what describes the gateway.
const OPEN: [&str; 6] = [
    "/health",
    "/ready",
    "/livez",
    "/readyz",
    "/openapi.json",
    "/",
];

#[tokio::test]
async fn every_route_needs_a_key_or_a_token() {
    let harness = lobby().await;
    let expired = token(&json!({"sub": "ann", "exp": in_seconds(-60), "manyworlds": {}}));
    let forged = {
        let key = EncodingKey::from_secret(b"another secret of 32 bytes, at least").unwrap();
        let claims = json!({"sub": "ann", "exp": in_seconds(60), "manyworlds": {}});
        encode(&Header::default(), &claims, &key).unwrap()
    };
    for Route {
        method,
        template,
        path,
    } in routes(&harness).await
    {
        if OPEN.contains(&template.as_str()) {
            continue;
        }
        for wrong in ["", "wrong", &expired, &forged] {
            let (status, answer) = call(&harness, wrong, method.clone(), &path, &json!({})).await;
            let is_refused = status == 401 || status == 429;
            assert!(
                is_refused,
                "{method} {template} with {wrong:?}: {status} {answer}"
            );
        }
    }
}

#[tokio::test]
async fn no_route_reaches_a_world_that_is_not_granted() {
    let harness = lobby().await;
    let elsewhere = token_with(&json!({"worlds": ["other", "team-*"]}));
    // They look at the worlds of the client themselves: see below.
    let checked = ["/v1/worlds"];
    for Route {
        method,
        template,
        path,
    } in routes(&harness).await
    {
        if OPEN.contains(&template.as_str()) || checked.contains(&template.as_str()) {
            continue;
        }
        for key in ["elsewhere", &elsewhere] {
            let (status, answer) = call(&harness, key, method.clone(), &path, &json!({})).await;
            assert_eq!(status, 403, "{method} {template}: {answer}");
        }
    }
    for key in ["elsewhere", &elsewhere] {
        let (status, problem) = call(
            &harness,
            key,
            Method::POST,
            "/v1/worlds",
            &json!({"id": "mine"}),
        )
        .await;
        assert_eq!((status, &problem["field"]), (403, &json!("world")));
    }
    let (status, created) = call(
        &harness,
        &elsewhere,
        Method::POST,
        "/v1/worlds",
        &json!({"id": "team-1"}),
    )
    .await;
    assert_eq!(status, 201, "{created}");
}

#[tokio::test]
async fn no_route_writes_without_a_scope_for_it() {
    let harness = lobby().await;
    let reader = token_with(&json!({"scopes": ["read"]}));
    let before = call(
        &harness,
        "full",
        Method::GET,
        "/v1/worlds/lobby/state",
        &Value::Null,
    )
    .await;
    for Route {
        method,
        template,
        path,
    } in routes(&harness).await
    {
        if OPEN.contains(&template.as_str()) {
            continue;
        }
        if method == Method::GET {
            let (status, answer) = call(&harness, "sender", method, &path, &json!({})).await;
            assert_eq!(status, 403, "GET {template}: {answer}");
            continue;
        }
        for key in ["reader", &reader, "nothing"] {
            let (status, answer) = call(&harness, key, method.clone(), &path, &json!({})).await;
            assert_eq!(status, 403, "{method} {template} with {key}: {answer}");
        }
    }
    let after = call(
        &harness,
        "reader",
        Method::GET,
        "/v1/worlds/lobby/state",
        &Value::Null,
    )
    .await;
    assert_eq!(before, after, "nothing happened");
}

#[tokio::test]
async fn who_may_send_acts_in_a_world_and_does_not_change_what_it_is() {
    let harness = lobby().await;
    let message = json!({"sender": "human", "text": "hi", "wait": false});
    let path = "/v1/worlds/lobby/chats/main/messages";
    let (status, sent) = call(&harness, "sender", Method::POST, path, &message).await;
    assert_eq!(status, 202, "{sent}");
    let entity = json!({"id": "bob", "kind": "user"});
    for (method, path, body) in [
        (Method::POST, "/v1/worlds", json!({"id": "new"})),
        (Method::DELETE, "/v1/worlds/lobby", Value::Null),
        (Method::POST, "/v1/worlds/lobby/entities", entity),
        (Method::DELETE, "/v1/worlds/lobby/chats/main", Value::Null),
    ] {
        let (status, problem) = call(&harness, "sender", method, path, &body).await;
        assert_eq!(status, 403, "{path} {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(detail, "this client lacks the scope manage", "{path}");
    }
}

#[tokio::test]
async fn frames_of_a_socket_need_the_scope_and_the_entity() {
    let harness = lobby().await;
    let permissions = json!({"worlds": ["lobby"], "entities": ["ada"], "scopes": ["read", "send"]});
    let (writer, reader) = (
        token_with(&permissions),
        token_with(&json!({"scopes": ["read"]})),
    );
    let event = |sender: &str| json!({"type": "send_events", "sender": sender, "events": [{"type": "a.b", "data": 1}]});
    let mut socket = Socket::open(&harness, &format!("api_key={reader}")).await;
    socket.send(event("ada")).await;
    let refused = socket.receive_type("error").await;
    assert_eq!(
        refused["problem"]["detail"],
        "this client lacks the scope send"
    );
    let mut socket = Socket::open(&harness, &format!("api_key={writer}")).await;
    socket.send(event("human")).await;
    let refused = socket.receive_type("error").await;
    assert_eq!(refused["problem"]["field"], "sender");
    socket.send(event("ada")).await;
    socket.receive_type("accepted").await;
}

#[tokio::test]
async fn who_may_only_read_is_present_as_nobody() {
    let harness = lobby().await;
    let base = harness.url("/v1/worlds/lobby/ws?api_key=reader");
    let base = base.replace("http://", "ws://");
    let opened = tokio_tungstenite::connect_async(&base).await;
    assert!(opened.is_ok());
    let refused = tokio_tungstenite::connect_async(format!("{base}&sender=human")).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(response)) = refused else {
        panic!("it is present");
    };
    assert_eq!(response.status(), 403);
}
