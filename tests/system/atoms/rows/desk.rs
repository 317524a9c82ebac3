//! A cluster with a world, its flows and the worker of their nodes.

use manyworlds_sdk::CancellationToken;
use reqwest::Method;
use serde_json::{Value, json};
use service_kit::Health;
use system_tests::{Cluster, Http, Shape};
use tokio::task::JoinSet;

use super::super::client::Client;
use super::worker::{Gates, worker};

/// Runs of one node at the same time.
const SLOTS: usize = 8;

/// A cluster with a world, its flows and the worker of their nodes.
pub(super) struct Desk {
    pub(super) cluster: Cluster,
    pub(super) gates: Gates,
    /// The worker ends with it.
    _worker: JoinSet<anyhow::Result<()>>,
}

fn flow(nodes: &[Value], edges: &[[&str; 2]]) -> Value {
    json!({"nodes": nodes, "edges": edges})
}

/// A node that handles some types.
fn handler(id: &str, worker: &str, handles: &[&str]) -> Value {
    json!({"id": id, "worker": worker, "handles": handles})
}

fn output(id: &str, worker: &str) -> Value {
    json!({"id": id, "worker": worker, "output": true})
}

/// The flows, each for the rows that name it.
fn flows() -> Value {
    let gate = json!({"id": "gate", "router": {}});
    let note = |id, worker| handler(id, worker, &["note"]);
    let mut background = note("back", "ignores");
    background["background"] = json!(true);
    let mut failing_behind = note("fails", "fails");
    failing_behind["background"] = json!(true);
    let leaves = flow(&[output("bot", "leaves")], &[]);
    let mut closes = leaves.clone();
    closes["session"] = json!({"on_end_call": "close"});
    json!({
        "greeting": flow(&[handler("greeter", "greeter", &["system.init"])], &[]),
        "chain": flow(
            &[note("a", "ignores"), note("b", "reads"), note("c", "ignores")],
            &[["a", "b"], ["b", "c"]],
        ),
        "ignoring": flow(&[note("base", "ignores"), background], &[["base", "back"]]),
        "fork": flow(
            &[gate.clone(), note("left", "changes"), note("right", "reads")],
            &[["gate", "left"], ["gate", "right"]],
        ),
        "siblings": flow(
            &[gate.clone(), note("slow", "held"), note("quick", "reads")],
            &[["gate", "slow"], ["gate", "quick"]],
        ),
        "talk": flow(&[output("bot", "talks")], &[]),
        "tools": flow(&[output("bot", "uses_tools")], &[]),
        "failing": flow(&[note("fails", "fails")], &[]),
        "failing_behind": flow(&[failing_behind], &[]),
        "leaving": leaves,
        "closing": closes,
        "two": flow(
            &[gate, output("x", "talks"), output("y", "talks")],
            &[["gate", "x"], ["gate", "y"]],
        ),
        "held": flow(&[note("held", "held")], &[]),
        "hooks": flow(&[handler("hooks", "hooks", &["order.*"])], &[]),
        "counting": flow(&[note("counts", "counts")], &[]),
        "script": flow(&[json!({"id": "bot", "agent": "bot", "output": true})], &[]),
    })
}

impl Desk {
    pub(super) async fn start() -> Self {
        let shape = Shape {
            archives: 0,
            ..Shape::default()
        };
        let cluster = Cluster::start(shape).await;
        let script = json!({"default": "one two three four five six", "pause_seconds": 0.2});
        let bot = json!({"id": "bot", "kind": "agent", "agent": {"brain": {"script": script}}});
        let world = json!({"id": "desk", "entities": [bot], "flows": flows()});
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        let gates = Gates::new();
        let config = manyworlds_sdk::Config {
            slots_max: SLOTS,
            ..manyworlds_sdk::Config::default()
        };
        let nodes = worker(&gates).build(config).unwrap();
        let mut tasks = JoinSet::new();
        let running = nodes.run_with(
            cluster.bus().await,
            Health::default(),
            CancellationToken::new(),
        );
        tasks.spawn(running);
        Self {
            cluster,
            gates,
            _worker: tasks,
        }
    }

    pub(super) fn door(&self) -> &Http {
        &self.cluster.gateways[0]
    }

    /// Begins a session with a flow; `agent.ready` is returned.
    pub(super) async fn begin(&self, flow: &str) -> (Client, Value) {
        Client::begin(self.door(), &path(flow)).await
    }

    /// Goes on with a session after the position of `agent.ready`, its first frame.
    pub(super) async fn resume(&self, flow: &str, ready: &Value) -> Client {
        let metadata = &ready["metadata"];
        let [session, after] = ["session", "position"].map(|name| metadata[name].as_str().unwrap());
        let path = format!("{}?session={session}&after={after}", path(flow));
        Client::open(self.door(), &path).await.unwrap()
    }

    /// Declares a flow of nodes that handle notes: the status, and what the gateway replies.
    pub(super) async fn declare(&self, ids: &[&str], edges: &[[&str; 2]]) -> (u16, Value) {
        let nodes: Vec<Value> = ids
            .iter()
            .map(|id| handler(id, "ignores", &["note"]))
            .collect();
        let body = flow(&nodes, edges);
        let path = "/v1/worlds/desk/flows/other";
        let declared = self.door().send(Method::PUT, path, Some(&body), None).await;
        let (status, reply) = declared.unwrap();
        (status.as_u16(), reply)
    }

    /// The session of a connection, as it is now.
    pub(super) async fn session(&self, ready: &Value) -> Value {
        let session = ready["metadata"]["session"].as_str().unwrap();
        let path = format!("/v1/worlds/desk/sessions/{session}");
        Http::get(&self.cluster.gateways, &path).await
    }
}

fn path(flow: &str) -> String {
    format!("/atoms/desk/{flow}/ws")
}
