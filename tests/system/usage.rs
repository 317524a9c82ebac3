//! What language models have used and cost, from the prices of a worker to the answers of the gateway.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::model::{INPUT_TOKENS, ModelServer, Reply};

const MESSAGES: &str = "/v1/worlds/lobby/chats/main/messages";
const USAGE: &str = "/v1/worlds/lobby/usage";
/// The prices of the model `priced`: 2.50 and 10 for a million tokens.
const PRICES: [(&str, &str); 4] = [
    ("agent-worker:MANYWORLDS_LLM__CURRENCY", "USD"),
    ("agent-worker:MANYWORLDS_LLM__PRICES[0]__MODEL", "priced*"),
    (
        "agent-worker:MANYWORLDS_LLM__PRICES[0]__INPUT_PER_MILLION",
        "2.5",
    ),
    (
        "agent-worker:MANYWORLDS_LLM__PRICES[0]__OUTPUT_PER_MILLION",
        "10",
    ),
];

/// An agent with a price, and one without.
async fn lobby(cluster: &Cluster, model: &ModelServer) {
    let agent = |id: &str, name: &str| {
        let llm = json!({"provider": "openai", "model": name, "base_url": model.base_url()});
        json!({"id": id, "kind": "agent", "agent": {"brain": {"llm": llm}}})
    };
    let world = json!({
        "id": "lobby",
        "entities": [{"id": "guest", "kind": "user"}, agent("ada", "priced-1"), agent("bob", "free-1")],
        // A chat with a title is not given one by a model, which would be one more answer.
        "chats": [{"id": "main", "title": "Main"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

async fn answer_of(cluster: &Cluster, agent: &str) -> Value {
    let body = json!({"sender": "guest", "text": format!("@{agent} hi")});
    let turn = Http::post(&cluster.gateways, MESSAGES, &body).await;
    turn["answers"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_costs_is_in_the_answer_and_in_the_sums() {
    let cluster = Cluster::start_with(Shape::default(), &PRICES).await;
    let model = ModelServer::start().await;
    model.answer_with(|_| Reply::text("hello from the model"));
    lobby(&cluster, &model).await;
    // 11 tokens at 2.50 and 4 at 10 for a million.
    let cost = json!({"micros": 68, "currency": "USD"});
    for _ in 0..2 {
        let answer = answer_of(&cluster, "ada").await;
        assert_eq!(answer["usage"]["cost"], cost, "{answer}");
    }
    let answer = answer_of(&cluster, "bob").await;
    assert_eq!(answer["usage"]["input_tokens"], INPUT_TOKENS, "{answer}");
    assert_eq!(answer["usage"].get("cost"), None, "{answer}");

    let doors = &cluster.gateways;
    let last = Http::get(doors, "/v1/worlds/lobby").await["seq"].clone();
    let total = Http::get(doors, &format!("{USAGE}?wait_for={last}")).await;
    let ada = json!({"agent": "ada", "model": "priced-1", "answers": 2, "input_tokens": 22,
        "output_tokens": 8, "cost": {"micros": 136, "currency": "USD"}});
    let bob = json!({"agent": "bob", "model": "free-1", "answers": 1, "input_tokens": 11,
        "output_tokens": 4});
    assert_eq!(total, json!({"usage": [ada, bob]}));
    for bucket in ["hour", "day"] {
        let over_time = Http::get(doors, &format!("{USAGE}?bucket={bucket}")).await;
        let rows = over_time["usage"].as_array().unwrap();
        let sum =
            |field: &dyn Fn(&Value) -> Option<u64>| rows.iter().filter_map(field).sum::<u64>();
        assert_eq!(sum(&|row| row["answers"].as_u64()), 3, "{over_time}");
        assert_eq!(
            sum(&|row| row["cost"]["micros"].as_u64()),
            136,
            "{over_time}"
        );
        assert!(
            rows.iter().all(|row| row["start"].is_string()),
            "{over_time}"
        );
        let past =
            format!("{USAGE}?bucket={bucket}&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
        assert_eq!(Http::get(doors, &past).await, json!({"usage": []}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_of_usage_that_can_not_be_is_refused() {
    let cluster = Cluster::start(Shape::default()).await;
    let model = ModelServer::start().await;
    lobby(&cluster, &model).await;
    for (query, field) in [
        ("bucket=week", "bucket"),
        ("bucket=", "bucket"),
        ("bucket=hour&from=yesterday", "from"),
        ("bucket=hour&to=2026-13-01T00:00:00Z", "to"),
        ("from=2026-01-01T00:00:00Z", "from"),
        ("to=2026-01-01T00:00:00Z", "to"),
        (
            "bucket=day&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "from",
        ),
        ("bucket=hour&from=1970-01-01T00:00:00Z", "from"),
        ("wait_for=soon", "wait_for"),
        ("since=2026-01-01T00:00:00Z", "since"),
    ] {
        let path = format!("{USAGE}?{query}");
        let (status, problem) = cluster.gateways[0]
            .send(Method::GET, &path, None, None)
            .await
            .unwrap();
        assert_eq!(
            (status.as_u16(), &problem["field"]),
            (400, &json!(field)),
            "{problem}"
        );
    }
    let path = "/v1/worlds/nowhere/usage?bucket=hour";
    let (status, problem) = cluster.gateways[0]
        .send(Method::GET, path, None, None)
        .await
        .unwrap();
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (404, &json!("unknown_world"))
    );
}
