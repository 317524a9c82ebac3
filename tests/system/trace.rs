use std::collections::BTreeMap;

use serde_json::json;
use system_tests::{Cluster, Http, Shape};
use testkit::{CollectedSpan, Collector, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_runs_from_the_request_through_the_world_and_the_worker() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    let world = json!({
        "id": "traced",
        "entities": [{"id": "guest", "kind": "user"}, {"id": "ada", "kind": "agent", "agent": {}}],
        "chats": [{"id": "main"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let body = json!({"sender": "guest", "text": "hello"});
    let path = "/v1/worlds/traced/chats/main/messages";
    let answer = Http::post(&cluster.gateways, path, &body).await;
    assert_eq!(
        answer["answers"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
    eventually("one trace has spans of all three services", async || {
        let mut traces = BTreeMap::<Vec<u8>, Vec<CollectedSpan>>::new();
        for span in collector.spans() {
            traces.entry(span.trace_id.clone()).or_default().push(span);
        }
        traces.values().any(|spans| is_complete(spans))
    })
    .await;
}

/// Whether spans of all three services are there, and each is part of another but the first.
fn is_complete(spans: &[CollectedSpan]) -> bool {
    let has = |service: &str| spans.iter().any(|span| span.service == service);
    let has_parent =
        |span: &&CollectedSpan| spans.iter().any(|parent| parent.span_id == span.parent_id);
    // The worker's completion is served by the world: its span is below the worker's.
    let worker_below = spans
        .iter()
        .filter(|span| span.service == "world")
        .any(|span| {
            spans
                .iter()
                .any(|parent| parent.span_id == span.parent_id && parent.service == "agent-worker")
        });
    ["gateway", "world", "agent-worker"]
        .iter()
        .all(|service| has(service))
        && worker_below
        && spans.iter().filter(|span| !has_parent(span)).count() == 1
}
