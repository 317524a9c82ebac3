//! Chat turns over HTTP.

use std::time::Instant;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use futures::future::join_all;
use serde_json::{Value, json};
use system_tests::{Cluster, Http};
use testkit::model::ModelServer;

use crate::cpu::Used;
use crate::report::{Report, Row, milliseconds, percentile, rate};

/// People who talk at the same time, each in a chat of their own.
const PEOPLE: usize = 64;

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

pub(crate) async fn one_world(cluster: &Cluster, report: &mut Report) {
    let name = "turns/s over HTTP with a model, 1 world";
    turns(cluster, report, name, 1).await;
}

pub(crate) async fn ten_worlds(cluster: &Cluster, report: &mut Report) {
    let name = "turns/s over HTTP with a model, 10 worlds";
    turns(cluster, report, name, 10).await;
}

/// Messages that are answered by a language model which answers at once, each durable before its
/// sender sends the next.
async fn turns(cluster: &Cluster, report: &mut Report, name: &'static str, worlds: usize) {
    if !report.wants(name) {
        return;
    }
    let model = ModelServer::start().await;
    for world in 0..worlds {
        let world = world_of(&format!("talk-{worlds}-{world}"), &model);
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    }
    let each = report.count(50);
    let before = Used::now(cluster);
    let started = Instant::now();
    let people = (0..PEOPLE).map(|person| {
        let door = cluster.gateways.clone();
        let path = format!(
            "/v1/worlds/talk-{worlds}-{}/chats/c{person}/messages",
            person % worlds
        );
        tokio::spawn(async move {
            let body = json!({"sender": "guest", "text": "hello"});
            for _ in 0..each {
                let turn = Http::post(&door, &path, &body).await;
                assert_eq!(turn["answers"].as_array().map(Vec::len), Some(1), "{turn}");
            }
        })
    });
    for ended in join_all(people).await {
        ended.unwrap();
    }
    let count = PEOPLE * each;
    let value = rate(count, started.elapsed());
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("{PEOPLE} people"),
        ratio: 1.0,
        bar: "none",
        met: true,
        cpu_ms: Some(before.per_operation(cluster, count)),
    });
}

fn world_of(id: &str, model: &ModelServer) -> Value {
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    let chats = (0..PEOPLE).map(|person| json!({"id": format!("c{person}"), "title": "Talk"}));
    json!({
        "id": id,
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"llm": llm}}},
        ],
        "chats": chats.collect::<Vec<_>>(),
    })
}
