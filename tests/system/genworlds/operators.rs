//! What operators of worlds for clients of GenWorlds can see, and what nobody else can.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::model::ModelServer;
use testkit::{Collector, eventually};

use super::client::{Client, event, saying};

async fn create(cluster: &Cluster, brains: &[(&str, Value)]) {
    let agents = brains
        .iter()
        .map(|(id, brain)| json!({"id": id, "kind": "agent", "agent": {"brain": brain}}));
    let agents: Vec<Value> = agents.collect();
    let world =
        json!({"id": "lobby", "entities": agents, "chats": [{"id": "main", "title": "Main"}]});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

/// Asks an agent, and receives its answer.
async fn ask(client: &mut Client, agent: &str, question: &str) -> Value {
    let asks = saying("user_speaks_with_agent_event", "eve", agent, question);
    client.say_and_receive(&asks).await;
    let answer = client.expect("agent_speaks_with_user_event").await;
    assert_eq!(answer["sender_id"], agent, "{answer}");
    answer
}

/// What a service measured so far under a name that begins so.
fn measured(metrics: &str, name: &str) -> f64 {
    let lines = metrics.lines().filter(|line| line.starts_with(name));
    let numbers = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    numbers.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_at_the_door_is_measured_and_traced_to_its_answer() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    create(&cluster, &[("ada", json!({"script": {}}))]).await;
    let mut eve = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    ask(&mut eve, "ada", "Good day").await;
    eventually("one trace has spans of all three services", async || {
        let mut traces = BTreeMap::<Vec<u8>, Vec<String>>::new();
        for span in collector.spans() {
            traces.entry(span.trace_id).or_default().push(span.service);
        }
        let services = ["gateway", "world", "agent-worker"].map(str::to_owned);
        traces
            .values()
            .any(|trace| services.iter().all(|service| trace.contains(service)))
    })
    .await;
    let page = format!("{}/metrics", cluster.gateways[0].base);
    let gateway = reqwest::get(page).await.unwrap().text().await.unwrap();
    let connections = r#"manyworlds_gateway_connections{transport="websocket""#;
    assert_eq!(measured(&gateway, connections), 1.0, "{gateway}");
    // The echo and the answer.
    let deliveries = r#"manyworlds_gateway_deliveries_total{transport="websocket""#;
    assert!(measured(&gateway, deliveries) >= 2.0, "{gateway}");
    let world = cluster.metrics("world").await;
    assert!(
        measured(&world, "manyworlds_world_events_committed") >= 4.0,
        "{world}"
    );
    assert!(
        measured(&world, "manyworlds_world_commands") >= 4.0,
        "{world}"
    );
    eventually("the answer is counted", async || {
        let worker = cluster.metrics("agent-worker").await;
        measured(&worker, "manyworlds_worker_attempts") == 1.0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_think_with_different_models_and_no_key_is_ever_shown() {
    const KEYS: [&str; 2] = ["sk-first-secret", "sk-second-secret"];
    let models = [ModelServer::start().await, ModelServer::start().await];
    let urls = [models[0].base_url(), models[1].base_url()];
    let variables = [
        ("agent-worker:FIRST_KEY", KEYS[0]),
        ("agent-worker:SECOND_KEY", KEYS[1]),
        (
            "agent-worker:MANYWORLDS_LLM__ENDPOINTS[0]__BASE_URL",
            &urls[0],
        ),
        (
            "agent-worker:MANYWORLDS_LLM__ENDPOINTS[0]__KEY_VARIABLE",
            "FIRST_KEY",
        ),
        (
            "agent-worker:MANYWORLDS_LLM__ENDPOINTS[1]__BASE_URL",
            &urls[1],
        ),
        (
            "agent-worker:MANYWORLDS_LLM__ENDPOINTS[1]__KEY_VARIABLE",
            "SECOND_KEY",
        ),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    let llm = |n: usize, model: &str| json!({"llm": {"provider": "openai", "model": model, "base_url": urls[n]}});
    let brains = [
        ("ada", llm(0, "large")),
        ("bob", llm(1, "small")),
        ("carl", json!({"script": {"default": "I need no model."}})),
    ];
    create(&cluster, &brains).await;
    let mut recorder = Client::open(&cluster.gateways[0], "/ws/lobby?observe=all").await;
    let mut eve = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    let mut frames = vec![
        ask(&mut eve, "ada", "One?").await,
        ask(&mut eve, "bob", "Two?").await,
        ask(&mut eve, "carl", "Three?").await,
    ];
    assert_eq!(frames[2]["message"], "I need no model.");
    for (n, model) in ["large", "small"].into_iter().enumerate() {
        let requests = models[n].requests();
        let [request] = &requests[..] else {
            panic!("one request: {requests:?}")
        };
        assert_eq!(request.key(), Some(KEYS[n]));
        assert_eq!(request.body["model"], model);
    }
    eve.say(&event("agent_wants_updated_state", "eve", None))
        .await;
    frames.push(eve.expect("world_sends_available_entities_event").await);
    frames.push(
        eve.expect("world_sends_available_action_schemas_event")
            .await,
    );
    eve.say_and_receive(&event("end", "eve", None)).await;
    while frames.last().unwrap()["event_type"] != "end" {
        frames.push(recorder.next().await.unwrap());
    }
    let frames = frames.iter().map(Value::to_string);
    for text in frames.chain(kept(&cluster).await) {
        assert!(!text.contains("-secret"), "{text}");
    }
}

/// All that is known of the world at the native door and in its log, and all that the services write
/// to files: what they log, and the archive.
async fn kept(cluster: &Cluster) -> Vec<String> {
    let state = Http::get(&cluster.gateways, "/v1/worlds/lobby/state").await;
    let seq = &state["seq"];
    let events = format!("/v1/worlds/lobby/events?after=0.0&limit=1000&wait_for={seq}");
    let events = Http::get(&cluster.gateways, &events).await;
    let bus = cluster.bus().await;
    let log = bus.log().read(&"lobby".parse().unwrap(), 0).await.unwrap();
    let log = log.iter().map(|entry| entry.payload().to_vec());
    let files = std::fs::read_dir(cluster.folder()).unwrap();
    let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let bytes = log.chain(files);
    let texts = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    texts
        .chain([state.to_string(), events.to_string()])
        .collect()
}
