//! A gateway whose machine has a wrong clock goes by that of NATS, as all services do.

use contract::Timestamp;
use futures::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape, clock};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

const WORLD: &str = "/v1/worlds/office";
const TIMEOUT_SECONDS: i64 = 300;
/// How far a moment may be from the one that is expected: far less than the clocks are wrong, more than a test takes.
const TOLERANCE_MS: i64 = 120_000;

/// The moment in the id of a command's first event.
fn moment_of(id: &Value) -> i64 {
    let id: Uuid = id.as_str().unwrap().parse().unwrap();
    i64::try_from(id.as_u128() >> 80).unwrap()
}

fn assert_is_now(moment_ms: i64, what: &str) {
    let ahead = moment_ms - Timestamp::now().as_unix_ms();
    assert!(ahead.abs() < TOLERANCE_MS, "{what}: {ahead} ms ahead");
}

/// The first of the ids with which a frame without a key is answered.
async fn id_of_frame(gateway: &Http) -> Value {
    let url = format!("{}{WORLD}/ws", gateway.base);
    let (mut socket, _) = connect_async(url.replace("http:", "ws:")).await.unwrap();
    let frame = json!({"type": "send_events", "ref": "r", "sender": "ann",
                       "events": [{"type": "note.written", "data": 1}]});
    socket.send(Message::text(frame.to_string())).await.unwrap();
    loop {
        let message = socket.next().await.unwrap().unwrap();
        let Ok(text) = message.to_text() else {
            continue;
        };
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        if frame["ref"] == "r" {
            return frame["ids"][0].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_a_wrong_clock_writes_moments_by_the_clock_of_nats() {
    let shape = Shape {
        workers: 0,
        ..Shape::default()
    };
    let mut cluster = Cluster::start(shape).await;
    let gateways = cluster.gateways.clone();
    let gateway = &gateways[0];
    let world = json!({"id": "office", "entities": [
        {"id": "ann", "kind": "user"},
        {"id": "bob", "kind": "agent", "agent": {"brain": {"client": {}}}},
    ]});
    Http::post(&gateways, "/v1/worlds", &world).await;
    for offset_seconds in [-3600, 3600] {
        let Some(variables) = clock::variables(offset_seconds) else {
            println!("skipped: libfaketime is not installed");
            return;
        };
        // Gateways are first.
        cluster.processes[0].set_variables(&variables);
        cluster.processes[0].restart();
        gateway.ready().await;
        let case = |what: &str| format!("{what}, {offset_seconds} s");

        let event = json!({"sender": "ann", "type": "note.written", "data": 1});
        let path = format!("{WORLD}/events");
        let sent = gateway.send(Method::POST, &path, Some(&event), None).await;
        let (status, receipt) = sent.unwrap();
        assert_eq!(status, 201, "{receipt}");
        assert_is_now(moment_of(&receipt["ids"][0]), &case("REST"));
        assert_is_now(moment_of(&id_of_frame(gateway).await), &case("WebSocket"));

        let request = json!({"requester": "ann", "action": "review", "targets": ["bob"],
                             "timeout_seconds": TIMEOUT_SECONDS});
        let path = format!("{WORLD}/interactions");
        let sent = gateway.send(Method::POST, &path, Some(&request), None);
        let (status, receipt) = sent.await.unwrap();
        assert_eq!(status, 202, "{receipt}");
        let path = format!("{path}/{}", receipt["id"].as_str().unwrap());
        let view = Http::get(&gateways, &path).await;
        let deadline: Timestamp = view["deadline"].as_str().unwrap().parse().unwrap();
        let begin = deadline.as_unix_ms() - TIMEOUT_SECONDS * 1000;
        assert_is_now(begin, &case("timeout_seconds"));
    }
}
