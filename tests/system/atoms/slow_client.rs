//! A client that never reads: what it costs its gateway.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;
use tokio::task::JoinSet;

use super::client::Client;

/// Bytes that a session emits: many times what its client may cost.
const EMITTED_BYTES: usize = 40 << 20;
const EVENT_BYTES: usize = 60_000;
/// Events of one command: a world takes 384 KiB at once.
const COMMAND_EVENTS: usize = 5;

/// What a client that never reads has cost.
#[derive(Debug)]
pub(super) struct Cost {
    /// The most memory that its gateway has had while a client read the same.
    pub(super) with_reader_bytes: usize,
    /// The most that it has had until the client was closed.
    pub(super) most_bytes: usize,
    /// The code with which it was closed.
    pub(super) closed: Option<u16>,
}

impl Cost {
    /// What the client has cost beside one that reads.
    pub(super) fn grown_bytes(&self) -> usize {
        self.most_bytes.saturating_sub(self.with_reader_bytes)
    }
}

/// The memory of a process that is in RAM.
fn resident_bytes(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() << 10
}

/// Emits events in a session through `door`. Returns the most memory that `process`, the gateway of `witness`, has
/// had meanwhile: each time when it has received all events, so that none waits between it and the broker.
async fn emit(door: &Http, session: &str, process: u32, witness: &mut Client) -> usize {
    let event = json!({"type": "my.large", "data": {"text": "x".repeat(EVENT_BYTES)}});
    let body = json!({"events": vec![event; COMMAND_EVENTS]});
    let path = format!("/v1/worlds/desk/sessions/{session}/events");
    let mut most = 0;
    for _ in 0..EMITTED_BYTES / EVENT_BYTES / COMMAND_EVENTS {
        let sent = door.send(Method::POST, &path, Some(&body), None).await;
        let (status, receipt) = sent.unwrap();
        assert_eq!(status, 201, "{receipt}");
        witness.send(&json!({"type": "my.note"})).await.unwrap();
        witness.expect("my.note").await;
        most = most.max(resident_bytes(process));
    }
    most
}

fn session(ready: &Value) -> &str {
    ready["metadata"]["session"].as_str().unwrap()
}

/// Lets a client of a gateway with the default limits never read, while its session emits events through
/// another gateway.
pub(super) async fn measure() -> Cost {
    let shape = Shape {
        gateways: 2,
        workers: 0,
        archives: 0,
        ..Shape::default()
    };
    let mut cluster = Cluster::start(shape).await;
    let [door, other] = [0, 1].map(|n| cluster.gateways[n].clone());
    let flow = json!({"nodes": [{"id": "gate", "router": {}}]});
    let world = json!({"id": "desk", "flows": {"gate": flow}});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let process = cluster.replica("gateway", 0).id().unwrap();

    let (mut witness, _) = Client::begin(&door, "/atoms/desk/ws").await;
    // What a client costs that reads everything is in the memory of the gateway before.
    let (mut reader, ready) = Client::begin(&door, "/atoms/desk/ws").await;
    let mut reading = JoinSet::new();
    reading.spawn(async move { reader.closed().await });
    let path = format!("/v1/worlds/desk/sessions/{}", session(&ready));
    let with_reader_bytes = emit(&other, session(&ready), process, &mut witness).await;
    other.send(Method::DELETE, &path, None, None).await.unwrap();
    reading.join_next().await.unwrap().unwrap();

    let mut client = Client::open_with_small_buffer(&door, "/atoms/desk/ws").await;
    let ready = client.init().await;
    let most = emit(&other, session(&ready), process, &mut witness).await;
    eventually("the client is closed", async || {
        let page = reqwest::get(format!("{}/metrics", door.base)).await;
        let text = page.unwrap().text().await.unwrap();
        text.lines()
            .any(|line| line.starts_with("manyworlds_gateway_closes") && line.contains("3008"))
    })
    .await;
    Cost {
        with_reader_bytes,
        most_bytes: most.max(resident_bytes(process)),
        closed: client.closed().await,
    }
}
