//! Runs of one object are serial and in the order of their events, whichever workers take them.

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually;

use crate::abilities::worker;

const WORLD: &str = "/v1/worlds/studio";
const COUNT: usize = 40;

/// A microphone, which has a state, and a counter whose first runs take longest.
async fn studio() -> Cluster {
    let cluster = Cluster::start(Shape::default()).await;
    let count =
        json!({"name": "count", "trigger": "counter.count", "run": {"worker": "counter-count"}});
    let entities = json!([
        {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {}}}},
        {"id": "counter", "kind": "object", "abilities": [count]},
    ]);
    let world = json!({"id": "studio", "entities": entities});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    cluster
}

async fn events(cluster: &Cluster, kind: &str) -> Vec<Value> {
    let state = Http::get(&cluster.gateways, &format!("{WORLD}/state")).await;
    let seq = &state["seq"];
    let path = format!("{WORLD}/events?type={kind}&limit=1000&after=0.0&wait_for={seq}");
    let page = Http::get(&cluster.gateways, &path).await;
    page["events"].as_array().unwrap().clone()
}

fn numbers(events: &[Value], field: &str) -> Vec<String> {
    let numbers = events.iter().map(|event| event["data"][field].to_string());
    numbers.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn speeches_and_bids_come_out_in_their_order_although_services_are_killed() {
    let mut cluster = studio().await;
    let mut workers: Vec<Process> = (0..4)
        .flat_map(|n| ["microphone", "counter"].map(|example| (example, n)))
        .map(|(example, n)| worker(&cluster, example, &format!("{example}-{n}")))
        .collect();
    eventually("the microphone is there", async || {
        let page = Http::get(&cluster.gateways, &format!("{WORLD}/entities")).await;
        let entities = page["entities"].as_array().unwrap();
        entities.iter().any(|entity| entity["id"] == "mic")
    })
    .await;
    for n in 0..COUNT {
        let takes_ms = 2 * (COUNT - n);
        let events = json!([
            {"type": "agent_speaks_into_microphone", "target": "mic", "data": {"message": n.to_string()}},
            {"type": "counter.count", "target": "counter", "data": {"number": n, "takes_ms": takes_ms}},
        ]);
        let body = json!({"sender": "ada", "events": events});
        Http::post(&cluster.gateways, &format!("{WORLD}/events"), &body).await;
        match n {
            10 => cluster.replica("world", 0).kill(),
            12 => workers[0].kill(),
            14 => workers[1].kill(),
            _ => {}
        }
        if n == 10 {
            cluster.replica("world", 0).restart();
        }
    }
    eventually("every run has ended", async || {
        let state = Http::get(&cluster.gateways, &format!("{WORLD}/state")).await;
        state["state"]["invocations"] == json!({})
    })
    .await;
    let texts: Vec<String> = (0..COUNT)
        .map(|n| json!(n.to_string()).to_string())
        .collect();
    let sounds = events(&cluster, "microphone_sounds").await;
    assert_eq!(numbers(&sounds, "message"), texts);
    let each: Vec<String> = (0..COUNT).map(|n| n.to_string()).collect();
    let counted = events(&cluster, "counter.counted").await;
    assert_eq!(numbers(&counted, "number"), each);
    let mic = Http::get(&cluster.gateways, &format!("{WORLD}/entities/mic")).await;
    assert_eq!(mic["state"], json!({"speeches": COUNT}));
    let failed = events(&cluster, "action.failed").await;
    assert_eq!(failed, Vec::<Value>::new());
}
