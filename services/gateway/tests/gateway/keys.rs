//! API keys that may act as some entities only.

use gateway::{ApiKey, Config};
use reqwest::Method;
use serde_json::{Value, json};

use crate::lobby;
use crate::sockets::Socket;
use crate::support::{Harness, call};

/// A gateway with the world `lobby`, a key for everything, and one for `ada`.
pub(crate) async fn lobby() -> Harness {
    let limited = ApiKey::new("limited").with_entities(["ada".parse().unwrap()]);
    let config = Config {
        api_keys: vec![ApiKey::new("full"), limited],
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let (status, created) = call(
        &harness,
        "full",
        Method::POST,
        "/v1/worlds",
        &lobby::lobby(),
    )
    .await;
    assert_eq!(status, 201, "{created}");
    harness
}

const WORLD: &str = "/v1/worlds/lobby";

fn event(sender: &str) -> Value {
    json!({"sender": sender, "type": "a.b", "data": 1})
}

fn message(sender: &str) -> Value {
    json!({"sender": sender, "text": "hi", "wait": false})
}

fn request(requester: &str) -> Value {
    json!({"requester": requester, "action": "process", "targets": ["helper"]})
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
    let arguments = json!({"arguments": {"role": "student"}});
    for (path, body, status) in [
        ("/events", event("ada"), 201),
        ("/chats/main/messages", message("ada"), 202),
        ("/interactions", request("ada"), 202),
        ("/entities/ada/actions/find_agents", arguments, 200),
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
}

/// The world `desk`, and a session of `ann`, of `ada` and of the world, each with an event.
async fn with_sessions() -> (Harness, [String; 3]) {
    let limited = ApiKey::new("limited").with_entities(["ann".parse().unwrap()]);
    let config = Config {
        api_keys: vec![ApiKey::new("full"), limited],
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let node = json!({"id": "gate", "router": {}});
    let world = json!({
        "id": "desk", "flows": {"f": {"nodes": [node]}},
        "entities": [{"id": "ann", "kind": "user"}, {"id": "ada", "kind": "user"}],
    });
    let (status, created) = call(&harness, "full", Method::POST, "/v1/worlds", &world).await;
    assert_eq!(status, 201, "{created}");
    let mut ids = Vec::new();
    for client in ["ann", "ada", "world"] {
        let path = "/v1/worlds/desk/flows/f/sessions";
        let entity = Some(client).filter(|client| *client != "world");
        let body = json!({"entity": entity});
        let (status, begun) = call(&harness, "full", Method::POST, path, &body).await;
        assert_eq!(status, 201, "{begun}");
        let id = begun["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/worlds/desk/sessions/{id}/events");
        let body = json!({"events": [{"type": "secret", "data": {"of": client}}]});
        let (status, sent) = call(&harness, "full", Method::POST, &path, &body).await;
        assert_eq!(status, 201, "{sent}");
        ids.push(id);
    }
    let path = format!("/v1/worlds/desk/sessions/{}/events", ids[0]);
    let body = json!({"events": [{"type": "last", "data": {}}]});
    let (status, sent) = call(&harness, "full", Method::POST, &path, &body).await;
    assert_eq!(status, 201, "{sent}");
    (harness, ids.try_into().unwrap())
}

#[tokio::test]
async fn a_key_with_a_list_reads_the_sessions_of_its_entities_only() {
    let (harness, [own, other, of_world]) = with_sessions().await;
    let get = async |key: &str, path: &str| {
        let path = format!("/v1/worlds/desk{path}");
        call(&harness, key, Method::GET, &path, &json!(null)).await
    };
    for (key, expected) in [("full", 3), ("limited", 1)] {
        let (_, page) = get(key, "/sessions").await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), expected, "{page}");
        assert!(items.iter().any(|session| session["id"] == *own));
    }
    let (_, page) = get("limited", "/sessions?entity=ada").await;
    assert_eq!(page["items"], json!([]));
    for path in ["", "/events"] {
        let (status, _) = get("limited", &format!("/sessions/{own}{path}")).await;
        assert_eq!(status, 200, "{path}");
    }
    for id in [&other, &of_world] {
        for path in ["", "/events", "/events/stream"] {
            let path = format!("/sessions/{id}{path}");
            let (status, problem) = get("limited", &path).await;
            let found = (status, &problem["code"], &problem["field"]);
            assert_eq!(
                found,
                (403, &json!("not_allowed"), &json!("session")),
                "{path}"
            );
        }
    }
    let (_, state) = get("limited", "/state").await;
    let sessions = state["state"]["sessions"].as_object().unwrap();
    assert_eq!(sessions.keys().collect::<Vec<_>>(), [&own]);
    let (_, state) = get("full", "/state").await;
    assert_eq!(state["state"]["sessions"].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn a_key_with_a_list_streams_no_events_of_other_sessions() {
    let (harness, _) = with_sessions().await;
    for (key, expected) in [
        ("full", &["ann", "ada", "world"][..]),
        ("limited", &["ann"]),
    ] {
        let query = format!("api_key={key}&after=0.0");
        let mut socket = Socket::open_in(&harness, "desk", &query).await;
        let mut clients = Vec::new();
        loop {
            let event = socket.receive_type("event").await["event"].take();
            match event["data"]["type"].as_str() {
                Some("secret") => clients.push(event["data"]["data"]["of"].clone()),
                Some("last") => break,
                _ => {}
            }
        }
        assert_eq!(clients, expected);
    }
}

#[tokio::test]
async fn a_session_is_not_resumed_with_a_key_that_may_not_read_it() {
    let (harness, [own, other, _]) = with_sessions().await;
    for id in [&own, &other] {
        let path = format!("/atoms/desk/ws?session={id}&token=limited");
        let (status, problem) = call(&harness, "limited", Method::GET, &path, &json!(null)).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not_allowed")));
    }
}
