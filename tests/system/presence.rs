//! Agents whose brain is a client, and whose client connects through gateways that may be killed.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually_within;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const WORLD: &str = "/v1/worlds/school";
/// The grace period, the time after which a killed gateway is gone, and as long again.
const PATIENCE: Duration = Duration::from_secs(45);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects to `c`, and notices when it is there, and when it is gone.
fn connects_to_c() -> Value {
    json!({
        "initial": "start",
        "states": {
            "start": {"transitions": [
                {"action": "connect_to", "args": {"peer_id": "c"}, "to": "waiting"}]},
            "waiting": {"transitions": [
                {"action": "connected", "args": {"agent": "c", "handshake_completed": true},
                 "to": "together"}]},
            "together": {"transitions": [
                {"action": "disconnected", "args": {"agent": "c"}, "to": "alone"}]},
            "alone": {},
        },
    })
}

/// A world with the teacher `t` and the student `c`, whose brain is a client.
async fn school() -> Cluster {
    let shape = Shape {
        gateways: 3,
        ..Shape::default()
    };
    let cluster = Cluster::start(shape).await;
    let world = json!({
        "id": "school",
        "entities": [
            {"id": "t", "kind": "agent", "agent": {}},
            {"id": "c", "kind": "agent", "agent": {"brain": {"client": {}}}},
        ],
    });
    Http::post(&cluster.gateways[..1], "/v1/worlds", &world).await;
    cluster
}

async fn connect(gateway: &Http, query: &str) -> Socket {
    let url = format!("{}{WORLD}/ws?{query}", gateway.base);
    let (socket, _) = connect_async(url.replace("http:", "ws:")).await.unwrap();
    socket
}

async fn put_behaviour(cluster: &Cluster) {
    let path = format!("{WORLD}/entities/t/behaviour");
    let behaviour = connects_to_c();
    let put = cluster.gateways[0].send(Method::PUT, &path, Some(&behaviour), None);
    let (status, answer) = put.await.unwrap();
    assert!(status.is_success(), "{status} {answer}");
}

/// Waits until the machine of `t` is in a state, and `c` is present or not.
async fn reaches(cluster: &Cluster, state: &str, is_present: bool) {
    let name = format!("{state}, present: {is_present}");
    eventually_within(PATIENCE, &name, async || {
        let roster = Http::get(&cluster.gateways[..1], &format!("{WORLD}/roster")).await;
        let entries = roster["roster"].as_array().unwrap();
        let entry = |id: &str| entries.iter().find(|entry| entry["entity"] == id).unwrap();
        entry("t")["state"] == state && entry("c")["present"] == is_present
    })
    .await;
}

async fn event_types(cluster: &Cluster) -> Vec<String> {
    let path = format!("{WORLD}/events?limit=1000");
    let events = Http::get(&cluster.gateways[..1], &path).await;
    let items = events["events"].as_array().unwrap().iter();
    items
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until the archive has so many events of a type.
async fn happens(cluster: &Cluster, event_type: &str, count: usize) {
    eventually_within(PATIENCE, event_type, async || {
        let types = event_types(cluster).await;
        types.iter().filter(|found| *found == event_type).count() == count
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_present_while_a_gateway_that_is_alive_has_its_connection() {
    let mut cluster = school().await;
    // It acts as `c` with a frame, and is `c` from then on.
    let mut socket = connect(&cluster.gateways[1], "after=0").await;
    let frame = json!({"type": "send_events", "sender": "c",
        "events": [{"type": "greeting", "data": 1}]});
    socket.send(Message::text(frame.to_string())).await.unwrap();
    happens(&cluster, "entity.connected", 1).await;
    put_behaviour(&cluster).await;
    reaches(&cluster, "together", true).await;

    // Another connection takes over within the grace period: nobody notices.
    socket.close(None).await.unwrap();
    while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    happens(&cluster, "entity.disconnected", 1).await;
    let socket = connect(&cluster.gateways[2], "sender=c").await;
    happens(&cluster, "entity.connected", 2).await;
    reaches(&cluster, "together", true).await;
    drop(socket);
    reaches(&cluster, "alone", false).await;
    happens(&cluster, "entity.presence_ended", 1).await;

    // A link to it waits until it comes.
    put_behaviour(&cluster).await;
    reaches(&cluster, "waiting", false).await;
    let _socket = connect(&cluster.gateways[1], "sender=c").await;
    reaches(&cluster, "together", true).await;

    // What a killed gateway had is over, although nobody reports it.
    let killed = cluster.processes.iter_mut();
    let killed = killed.filter(|process| process.name == "gateway-1");
    killed.for_each(system_tests::Process::kill);
    reaches(&cluster, "alone", false).await;
}
