//! Chat turns over HTTP.

use std::time::Instant;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::json;
use system_tests::{Cluster, Http};

use crate::cpu::Used;
use crate::report::{Report, Row, milliseconds, percentile};

pub(crate) async fn first_chunk(cluster: &Cluster, report: &mut Report) {
    let name = "message in to first chunk out, p50";
    if !report.wants(name) {
        return;
    }
    let world = json!({
        "id": "turns",
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "yes"}}}},
        ],
        "chats": [{"id": "main"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let url = format!(
        "{}/v1/worlds/turns/chats/main/messages",
        cluster.gateways[0].base
    );
    let client = reqwest::Client::new();
    let body = json!({"sender": "guest", "text": "hello", "stream": true});
    let count = report.count(500);
    let before = Used::now(cluster);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        let answer = client.post(&url).json(&body).send().await.unwrap();
        let mut events = answer
            .error_for_status()
            .unwrap()
            .bytes_stream()
            .eventsource();
        let mut first = None;
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            if event.event == "chunk" && first.is_none() {
                first = Some(started.elapsed());
            }
        }
        // A chunk is live, and may get lost: then this turn says nothing about chunks.
        times.extend(first);
    }
    let cost = before.per_operation(cluster, count);
    assert!(
        times.len() * 100 >= count * 99,
        "{} of {count} turns had chunks",
        times.len()
    );
    let p50 = milliseconds(percentile(&mut times, 0.5));
    report.add(Row {
        name,
        value: format!("{p50:.2} ms"),
        control: "bar 5 ms".to_owned(),
        ratio: p50 / 5.0,
        bar: "<= 5 ms",
        met: p50 <= 5.0,
        cpu_ms: Some(cost),
    });
}
