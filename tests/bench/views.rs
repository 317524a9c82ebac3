//! What it costs to show a part of a world, small and large.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::json;
use system_tests::{Cluster, Http};

use crate::cpu::Used;
use crate::report::{Report, Row, milliseconds, percentile};

/// The chats of the small world.
const FEW: usize = 5;
/// The chats of the large one.
const MANY: usize = 5_000;

pub(crate) async fn one_chat(cluster: &Cluster, report: &mut Report) {
    let name = "one chat of 5,000, p50";
    if report.wants(name) {
        compare(cluster, report, name, "/v1/worlds/{world}/chats/c1").await;
    }
}

pub(crate) async fn one_agent(cluster: &Cluster, report: &mut Report) {
    let name = "one agent beside 5,000 chats, p50";
    if report.wants(name) {
        compare(cluster, report, name, "/worlds/{world}/agents/ada").await;
    }
}

/// Shows the same of a small world and of a large one, one after the other.
async fn compare(cluster: &Cluster, report: &mut Report, name: &'static str, path: &str) {
    let many = report.count(MANY).max(FEW);
    let mut worlds = Vec::new();
    for chats in [FEW, many] {
        let world = format!("show-{chats}");
        create(cluster, &world, chats).await;
        let gateway = &cluster.gateways[0].base;
        worlds.push(format!("{gateway}{}", path.replace("{world}", &world)));
    }
    let client = reqwest::Client::new();
    let count = report.count(1_000);
    let mut times = [Vec::new(), Vec::new()];
    let before = Used::now(cluster);
    for _ in 0..count {
        for (url, times) in worlds.iter().zip(&mut times) {
            times.push(show(&client, url).await);
        }
    }
    let cost = before.per_operation(cluster, 2 * count);
    let [few, many] = times.map(|mut times| milliseconds(percentile(&mut times, 0.5)));
    let ratio = many / few;
    report.add(Row {
        name,
        value: format!("{many:.2} ms"),
        control: format!("{few:.2} ms beside {FEW}"),
        ratio,
        bar: "<= 2",
        met: ratio <= 2.0,
        cpu_ms: Some(cost),
    });
}

async fn show(client: &reqwest::Client, url: &str) -> Duration {
    let started = Instant::now();
    let response = client.get(url).send().await.unwrap();
    let response = response.error_for_status().unwrap();
    response.bytes().await.unwrap();
    started.elapsed()
}

/// A world with an agent and so many chats, if it is not there yet.
async fn create(cluster: &Cluster, world: &str, chats: usize) {
    let gateway = &cluster.gateways[0];
    let path = format!("/v1/worlds/{world}");
    let found = gateway.send(reqwest::Method::GET, &path, None, None).await;
    if found.is_ok_and(|(status, _)| status.is_success()) {
        return;
    }
    let body = json!({
        "id": world,
        "entities": [
            {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "yes"}}}},
        ],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &body).await;
    let path = format!("/v1/worlds/{world}/chats");
    let created = stream::iter(0..chats).map(|chat| {
        let (gateways, path) = (cluster.gateways.clone(), path.clone());
        async move {
            let body = json!({"id": format!("c{chat}"), "title": "Talk"});
            Http::post(&gateways, &path, &body).await;
        }
    });
    created.buffer_unordered(64).collect::<Vec<()>>().await;
}
