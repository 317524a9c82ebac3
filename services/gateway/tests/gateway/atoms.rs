//! Clients of Atoms: a flow over a WebSocket.

mod answers;
mod client;
mod faults;
mod pipeline;

use gateway::Config;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;

use crate::flows::{Desk, all_flows};
use crate::support::{Harness, send};

pub(crate) use self::client::{Client, DESK, GATE, init};

/// The status with which a WebSocket is refused, and the problem.
async fn refused(harness: &Harness, path: &str) -> (u16, Value) {
    let request = harness.http.get(harness.url(path)).headers(
        [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .into_iter()
        .collect(),
    );
    send(request).await
}

#[tokio::test]
async fn a_session_begins_with_init_and_ready_and_passes_frames_on_as_they_are() {
    let desk = Desk::start(Config::default()).await;
    let mut client = Client::connect(&desk.harness, GATE).await;
    client.send(&init()).await;
    let ready = client.expect("agent.ready").await;
    let session = ready["metadata"]["session"].as_str().unwrap();
    assert_eq!(ready["metadata"]["flow"], "gate");
    assert!(ready["metadata"]["position"].is_string() && ready["id"].is_string());
    assert!(ready["timestamp"].as_str().unwrap().ends_with('Z'));

    let payload = r#""z":1.50,"n":12345678901234567890123,"a":{"x":  [ ]},"list":[1, 2]"#;
    let frame =
        format!(r#"{{"type":"myapp.order.created","id":"o-1",{payload},"metadata":{{"k":1}}}}"#);
    client.send_text(&frame).await;
    let (text, echo) = client.receive().await;
    assert!(text.contains(payload), "{text}");
    assert_eq!(
        (&echo["type"], &echo["id"], &echo["metadata"]["k"]),
        (&json!("myapp.order.created"), &json!("o-1"), &json!(1))
    );
    // The session is one like any other.
    let path = format!("/v1/worlds/desk/sessions/{session}");
    let shown = desk.harness.get(&path).await.1;
    assert_eq!(
        (&shown["status"], &shown["entity"]),
        (&json!("open"), &json!("world"))
    );
    // What a node, or a native client, sends need not be an object.
    let events = json!([
        {"type": "a.list", "data": [1, 2]}, {"type": "a.clash", "data": {"id": 7, "text": "x"}},
    ]);
    desk.harness
        .post(&format!("{path}/events"), json!({"events": events}))
        .await;
    assert_eq!(client.expect("a.list").await["data"], json!([1, 2]));
    let clash = client.expect("a.clash").await;
    assert_eq!(
        (&clash["text"], &clash["metadata"]["fields"]),
        (&json!("x"), &json!({"id": 7}))
    );
    desk.harness.delete(&path).await;
    assert_eq!(client.closed().await, 1000);
}

#[tokio::test]
async fn the_flow_is_named_or_the_only_one() {
    let desk = Desk::start(Config::default()).await;
    let (status, problem) = refused(&desk.harness, "/atoms/desk/ws").await;
    assert_eq!((status, &problem["code"]), (404, &json!("unknown_flow")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("desk, gate"), "{detail}");
    let (status, problem) = refused(&desk.harness, "/atoms/desk/other/ws").await;
    assert_eq!(status, 404);
    assert!(problem["detail"].as_str().unwrap().contains("desk, gate"));
    assert_eq!(refused(&desk.harness, "/atoms/nowhere/ws").await.0, 404);
    assert_eq!(
        refused(&desk.harness, "/atoms/desk/gate/ws?x=1").await.0,
        400
    );
    desk.harness.delete("/v1/worlds/desk/flows/desk").await;
    Client::begin(&desk.harness, "/atoms/desk/ws").await;
}

#[tokio::test]
async fn a_flow_is_ready_once_its_world_has_it() {
    let desk = Desk::start(Config::default()).await;
    for (path, status, body) in [
        (
            "/atoms/desk/gate/health",
            200,
            json!({"status": "ok", "active_sessions": 0}),
        ),
        (
            "/atoms/nowhere/health",
            200,
            json!({"status": "ok", "active_sessions": null}),
        ),
        (
            "/atoms/desk/gate/ready",
            200,
            json!({"status": "ready", "active_sessions": 0}),
        ),
        ("/atoms/desk/ready", 503, json!(null)),
        ("/atoms/desk/other/ready", 503, json!(null)),
        ("/atoms/nowhere/ready", 503, json!(null)),
        ("/ready", 404, json!(null)),
    ] {
        let (got, found) = desk.harness.get(path).await;
        assert_eq!(got, status, "{path} {found}");
        match status {
            200 => assert_eq!(found, body, "{path}"),
            503 => assert_eq!(found["detail"]["status"], "not_ready", "{path}"),
            _ => {}
        }
    }
    let flow = all_flows()["gate"].clone();
    desk.harness.put("/v1/worlds/desk/flows/other", flow).await;
    assert_eq!(desk.harness.get("/atoms/desk/other/ready").await.0, 200);
    Client::begin(&desk.harness, GATE).await;
    let health = desk.harness.get("/atoms/desk/gate/health").await.1;
    assert_eq!(health["active_sessions"], 1);
}

#[tokio::test]
async fn a_configured_flow_is_at_the_root() {
    let config = Config {
        atoms_flow: Some("desk/gate".parse().unwrap()),
        ..Config::default()
    };
    let desk = Desk::start(config).await;
    let (_, ready) = Client::begin(&desk.harness, "/ws").await;
    assert_eq!(ready["metadata"]["flow"], "gate");
    assert_eq!(desk.harness.get("/health").await.1["active_sessions"], 1);
    assert_eq!(desk.harness.get("/ready").await.0, 200);
    // GenWorlds has its worlds still.
    let url = desk.harness.url("/ws/desk").replace("http:", "ws:");
    connect_async(url).await.unwrap();
}

#[tokio::test]
async fn a_client_is_an_entity_or_the_world() {
    let desk = Desk::start(Config::default()).await;
    for (entity, expected) in [("ann", "ann"), ("new", "new"), ("world", "world")] {
        let path = format!("{GATE}?entity={entity}");
        let (_client, ready) = Client::begin(&desk.harness, &path).await;
        let session = ready["metadata"]["session"].as_str().unwrap();
        let shown = desk
            .harness
            .get(&format!("/v1/worlds/desk/sessions/{session}"))
            .await
            .1;
        assert_eq!(shown["entity"], expected);
    }
    let (status, problem) = refused(&desk.harness, &format!("{GATE}?entity=bot")).await;
    assert_eq!((status, &problem["field"]), (403, &json!("entity")));
}

#[tokio::test]
async fn a_key_is_in_the_address() {
    let config = Config {
        api_keys: vec![gateway::ApiKey::new("secret")],
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let request = harness.http.post(harness.url("/v1/worlds"));
    let world = crate::flows::world(all_flows());
    send(request.bearer_auth("secret").json(&world)).await;
    assert_eq!(refused(&harness, GATE).await.0, 401);
    for name in ["token", "api_key"] {
        Client::begin(&harness, &format!("{GATE}?{name}=secret")).await;
    }
}

#[tokio::test]
async fn a_client_goes_on_where_it_was() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, ready) = Client::begin(&desk.harness, GATE).await;
    client.send(&json!({"type": "my.one"})).await;
    let one = client.expect("my.one").await;
    drop(client);
    let session = ready["metadata"]["session"].as_str().unwrap();
    let events = json!({"events": [{"type": "my.two", "data": {}}]});
    let path = format!("/v1/worlds/desk/sessions/{session}");
    desk.harness.post(&format!("{path}/events"), events).await;

    let after = one["metadata"]["position"].as_str().unwrap();
    let resume = format!("{GATE}?session={session}&after={after}");
    let mut client = Client::connect(&desk.harness, &resume).await;
    let again = client.expect("agent.ready").await;
    assert_eq!(
        (&again["metadata"]["session"], &again["metadata"]["resumed"]),
        (&json!(session), &json!(true))
    );
    client.expect("my.two").await;
    // Clients of Atoms send it whenever they connect.
    client.send(&init()).await;
    client.send(&json!({"type": "my.three"})).await;
    client.expect("my.three").await;
    desk.harness.delete(&path).await;
    assert_eq!(client.closed().await, 1000);

    let mut late = Client::connect(&desk.harness, &resume).await;
    for expected in ["agent.ready", "my.two", "my.three"] {
        late.expect(expected).await;
    }
    assert_eq!(late.closed().await, 1000);
    let unknown = format!("{GATE}?session={session}");
    assert_eq!(refused(&desk.harness, &unknown).await.0, 404);
}

#[tokio::test]
async fn a_client_may_want_known_types_only() {
    let desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, &format!("{GATE}?types=known")).await;
    client.send(&json!({"type": "my.one"})).await;
    client.send(&json!({"type": "system.user.joined"})).await;
    client.expect("system.user.joined").await;
}

#[tokio::test]
async fn a_drained_gateway_closes_with_the_code_of_a_restart_and_the_session_stays() {
    let mut desk = Desk::start(Config::default()).await;
    let (mut client, _) = Client::begin(&desk.harness, GATE).await;
    desk.harness.shutdown.cancel();
    assert_eq!(client.closed().await, 1012);
    drop(client);
    desk.harness.wait_until_ended().await;
}
