//! API keys that may act as some entities only.

use gateway::{ApiKey, Config};
use reqwest::Method;
use serde_json::{Value, json};

use crate::sockets::Socket;
use crate::support::{Harness, send};

/// A gateway with the world `lobby`, a key for everything, and one for `ada`.
pub(crate) async fn lobby() -> Harness {
    let limited = ApiKey::new("limited").with_entities(["ada".parse().unwrap()]);
    let config = Config {
        api_keys: vec![ApiKey::new("full"), limited],
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let body = json!({"id": "lobby"});
    let (status, created) = call(&harness, "full", Method::POST, "/v1/worlds", &body).await;
    assert_eq!(status, 201, "{created}");
    harness
}

async fn call(
    harness: &Harness,
    key: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let request = harness.http.request(method, harness.url(path));
    send(request.bearer_auth(key).json(body)).await
}

const WORLD: &str = "/v1/worlds/lobby";

fn event(sender: &str) -> Value {
    json!({"sender": sender, "type": "a.b", "data": 1})
}

fn message(sender: &str) -> Value {
    json!({"sender": sender, "text": "hi", "wait": false})
}

fn request(requester: &str) -> Value {
    json!({"requester": requester, "targets": ["ada"]})
}

/// Whatever is sent in the name of `human`, or of the world: the route, its body, and the field that names
/// who acts.
fn foreign() -> [(Method, &'static str, Value, &'static str); 13] {
    const RESULT: &str = "/interactions/018f0000-0000-7000-8000-000000000001/result";
    const OF_HUMAN: &str = "/interactions/018f0000-0000-7000-8000-000000000001?sender=human";
    const OF_WORLD: &str = "/interactions/018f0000-0000-7000-8000-000000000001";
    let number = json!({"type": "number"});
    let result = json!({"target": "human", "ok": true});
    let samples = json!({"samples": [1]});
    let role = json!({"role": "teacher"});
    let run = json!({"action": "respond", "agent": "ada"});
    let behaviour = json!({"initial": "a"});
    let entity = json!({"id": "bob", "kind": "user"});
    let message = message("human");
    let (post, put) = (Method::POST, Method::PUT);
    let action = "/entities/human/actions/find_agents";
    [
        (post.clone(), "/events", event("human"), "sender"),
        (post.clone(), "/chats/main/messages", message, "sender"),
        (post.clone(), "/interactions", request("human"), "requester"),
        (post.clone(), RESULT, result, "target"),
        (Method::DELETE, OF_HUMAN, json!(null), "sender"),
        (Method::DELETE, OF_WORLD, json!(null), "sender"),
        (put.clone(), "/streams/human/notes", number, "owner"),
        (
            post.clone(),
            "/streams/human/notes/samples",
            samples,
            "owner",
        ),
        (post.clone(), action, json!({}), "entity"),
        (put.clone(), "/entities/human/role", role, "sender"),
        (put, "/entities/ada/behaviour", behaviour, "sender"),
        (post.clone(), "/entities", entity, "sender"),
        (post, "/invocations", run, "sender"),
    ]
}

#[tokio::test]
async fn a_key_with_a_list_acts_as_its_entities_only() {
    let harness = lobby().await;
    for (method, path, body, field) in foreign() {
        let path = format!("{WORLD}{path}");
        let (status, problem) = call(&harness, "limited", method, &path, &body).await;
        let found = (status, &problem["code"], &problem["field"]);
        let expected = (403, &json!("not_allowed"), &json!(field));
        assert_eq!(found, expected, "{path} {problem}");
    }
    let path = format!("{WORLD}/state");
    let state = call(&harness, "limited", Method::GET, &path, &json!(null)).await;
    assert_eq!(
        (state.0, &state.1["seq"]),
        (200, &json!(1)),
        "nothing happened"
    );
}

#[tokio::test]
async fn a_key_acts_as_the_entities_of_its_list() {
    let harness = lobby().await;
    for (path, body, status) in [
        ("/events", event("ada"), 201),
        ("/chats/main/messages", message("ada"), 202),
        ("/interactions", request("ada"), 202),
        ("/entities/ada/actions/find_agents", json!({}), 200),
    ] {
        let path = format!("{WORLD}{path}");
        let (got, answer) = call(&harness, "limited", Method::POST, &path, &body).await;
        assert_eq!(got, status, "{path} {answer}");
    }
    let path = format!("{WORLD}/events");
    let (status, _) = call(&harness, "full", Method::POST, &path, &event("human")).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_socket_has_the_entities_of_its_key() {
    let harness = lobby().await;
    let mut socket = Socket::open(&harness, "api_key=limited").await;
    for (frame, field) in [
        (
            json!({"type": "send_events", "sender": "human", "events": []}),
            "sender",
        ),
        (
            json!({"type": "request_interaction", "requester": "human", "targets": ["ada"]}),
            "requester",
        ),
        (
            json!({"type": "complete_interaction", "interaction": "018f0000-0000-7000-8000-000000000001",
                "target": "human", "ok": true}),
            "target",
        ),
        (json!({"type": "stop_chat", "chat": "main"}), "sender"),
    ] {
        socket.send(frame.clone()).await;
        let error = socket.receive_type("error").await;
        let problem = &error["problem"];
        assert_eq!(
            (&problem["status"], &problem["field"]),
            (&json!(403), &json!(field)),
            "{frame} {problem}"
        );
    }
    socket
        .send(
            json!({"type": "send_events", "sender": "ada", "events": [{"type": "a.b", "data": 1}]}),
        )
        .await;
    socket.receive_type("accepted").await;
}

#[tokio::test]
async fn the_other_doors_refuse_a_key_with_a_list() {
    let harness = lobby().await;
    for path in ["/worlds", "/api/worlds/lobby"] {
        let (status, problem) = call(&harness, "limited", Method::GET, path, &json!(null)).await;
        assert_eq!(status, 403, "{path} {problem}");
        let (status, _) = call(&harness, "full", Method::GET, path, &json!(null)).await;
        assert_ne!(status, 403, "{path}");
    }
    let (status, problem) = call(&harness, "limited", Method::GET, "/ws/lobby", &json!(null)).await;
    assert_eq!((status, &problem["code"]), (403, &json!("not_allowed")));
}
