//! Turns with a language model that works, is unreachable, is slow, or responds with malformed data.

use std::time::Duration;

use agent_worker::{Endpoint, ModelPrice, Worker};
use contract::{RunId, Timestamp};
use serde_json::{Value, json};
use testkit::eventually;
use testkit::model::{INPUT_TOKENS, ModelServer, Reply};

use crate::support::{Harness, config};

fn brain(base_url: &str) -> Value {
    json!({"llm": {"provider": "openai", "model": "scripted-1", "base_url": base_url}})
}

/// A world whose agent has a scripted model, and a worker.
async fn harness() -> (Harness, ModelServer) {
    let (mut harness, model) = (Harness::start().await, ModelServer::start().await);
    harness
        .set_agent(json!({"brain": brain(&model.base_url())}))
        .await;
    harness.start_built_in().await;
    (harness, model)
}

async fn answer(harness: &Harness, id: RunId) -> String {
    harness.completed(id).await.message.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_streams_and_reports_its_usage() {
    let (harness, model) = harness().await;
    model.reply(Reply::text("Good day to you"));
    let id = harness.request_answer().await;
    let completed = harness.completed(id).await;
    assert_eq!(completed.message.as_deref(), Some("Good day to you"));
    let usage = completed.usage.unwrap();
    assert_eq!(usage.model, "scripted-1");
    assert_eq!((usage.input_tokens, usage.output_tokens), (INPUT_TOKENS, 4));
    eventually("all chunks arrived", async || {
        harness.streamed() == "Good day to you"
    })
    .await;
    assert_eq!(harness.chunks().len(), 4);
    assert!(model.requests()[0].is_streamed());
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_has_the_cost_by_the_prices_of_the_worker() {
    let (mut harness, model) = (Harness::start().await, ModelServer::start().await);
    let mut config = config();
    config.llm.currency = "USD".parse().ok();
    config.llm.prices = vec![ModelPrice {
        model: "scripted-*".to_owned(),
        input_per_million: Some(1000.0),
        output_per_million: Some(2000.0),
        ..ModelPrice::default()
    }];
    harness.start_worker(Worker::new(config).unwrap()).await;
    harness
        .set_agent(json!({"brain": brain(&model.base_url())}))
        .await;
    model.reply(Reply::text("Good day to you"));
    let id = harness.request_answer().await;
    let usage = harness.completed(id).await.usage.unwrap();
    let cost = usage.cost.unwrap();
    assert_eq!(cost.micros, INPUT_TOKENS * 1000 + 4 * 2000);
    assert_eq!(cost.currency.as_str(), "USD");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_becomes_a_prompt() {
    let (mut harness, model) = harness().await;
    harness
        .set_agent(json!({"brain": {"llm": {
            "provider": "openai", "model": "scripted-1", "base_url": model.base_url(),
            "system_prompt": "Be brief.", "temperature": 0.5, "tokens_max": 7,
        }}}))
        .await;
    let chat = [
        ("ada", "Welcome"),
        ("pat", "Hi"),
        ("kim", "Hello"),
        ("ada", "Yes?"),
        ("pat", "How?"),
    ];
    harness.set_messages(&chat);
    let id = harness.request_answer().await;
    harness.completed(id).await;
    let request = &model.requests()[0];
    let messages = request.messages();
    let (role, system) = &messages[0];
    assert_eq!(role, "system");
    assert!(
        system.starts_with("You are Ada.") && system.ends_with("Be brief."),
        "{system}"
    );
    let chat: Vec<_> = messages[1..]
        .iter()
        .map(|(role, text)| (role.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        chat,
        [
            ("user", "pat: Hi\n\nkim: Hello"),
            ("assistant", "Yes?"),
            ("user", "pat: How?")
        ]
    );
    assert_eq!(request.body["temperature"], 0.5);
    let tokens = ["max_tokens", "max_completion_tokens"].map(|key| request.body[key].as_u64());
    assert!(tokens.contains(&Some(7)), "{}", request.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_model_is_retried_after_the_pause_that_it_requests() {
    let (harness, model) = harness().await;
    model.reply(Reply::retry_after(429, "1"));
    model.reply(Reply::text("now"));
    let started = Timestamp::now();
    let id = harness.request_answer().await;
    assert_eq!(answer(&harness, id).await, "now");
    assert!(Timestamp::now().since(started) >= Duration::from_secs(1));
    assert_eq!(model.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_beyond_the_turn_limit_fails_the_turn_at_once() {
    let (harness, model) = harness().await;
    model.reply(Reply::retry_after(429, "3600"));
    let id = harness.request_answer().await;
    let (code, reason) = harness.failed(id).await;
    assert_eq!(code, "model_busy");
    assert!(reason.contains("429"), "{reason}");
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_model_request_is_retried_a_few_times() {
    let (harness, model) = harness().await;
    model.answer_with(|_| Reply::status(503));
    let id = harness.request_answer().await;
    let (code, reason) = harness.failed(id).await;
    assert_eq!(code, "model_error");
    assert!(
        reason.contains("503") && !reason.contains("scripted"),
        "{reason}"
    );
    assert_eq!(model.requests().len(), 4);
    harness.all_acknowledged().await;
    assert_eq!(harness.bus.dead_letters().count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_model_request_is_not_retried() {
    let (harness, model) = harness().await;
    model.reply(Reply::status(401));
    let id = harness.request_answer().await;
    let (code, reason) = harness.failed(id).await;
    assert_eq!(code, "model_refused");
    assert!(
        reason.contains("401") && !reason.contains("scripted"),
        "{reason}"
    );
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_model_fails_the_turn() {
    let (harness, _model) = harness().await;
    let unused = format!("http://127.0.0.1:{}/v1", testkit::free_port());
    harness.set_agent(json!({"brain": brain(&unused)})).await;
    let id = harness.request_answer().await;
    let (code, reason) = harness.failed(id).await;
    assert_eq!(code, "model_unreachable");
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_model_fails_the_turn() {
    let (harness, model) = harness().await;
    model.answer_with(|_| Reply::stall());
    let mut brain = brain(&model.base_url());
    brain["llm"]["call_timeout_seconds"] = json!(0.1);
    harness.set_agent(json!({"brain": brain})).await;
    let id = harness.request_answer().await;
    assert_eq!(harness.failed(id).await.0, "model_timeout");
    harness
        .set_agent(json!({"brain": self::brain(&model.base_url()), "turn_timeout_seconds": 0.2}))
        .await;
    let id = harness.request_answer().await;
    assert_eq!(harness.failed(id).await.0, "timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_stream_is_restarted() {
    let (harness, model) = harness().await;
    model.reply(Reply::cut_after(2));
    model.reply(Reply::stall_after(1));
    model.reply(Reply::text("the whole answer"));
    let id = harness.request_answer().await;
    assert_eq!(answer(&harness, id).await, "the whole answer");
    eventually("all chunks arrived", async || {
        harness.streamed() == "the whole answer"
    })
    .await;
    let mut attempts: Vec<_> = harness.chunks().iter().map(|chunk| chunk.attempt).collect();
    attempts.dedup();
    assert_eq!(attempts, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_not_stream_gets_a_request_without_streaming() {
    let (harness, model) = harness().await;
    model.answer_with(|request| match request.is_streamed() {
        true => Reply::cut_after(0),
        false => Reply::text("in one piece"),
    });
    let id = harness.request_answer().await;
    let completed = harness.completed(id).await;
    assert_eq!(completed.message.as_deref(), Some("in one piece"));
    assert_eq!(completed.usage.unwrap().output_tokens, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_and_empty_responses_are_failures() {
    for (reply, expected) in [
        (Reply::garbage(), "model_nonsense"),
        (Reply::empty(), "model_empty"),
    ] {
        let (harness, model) = harness().await;
        model.answer_with(move |_| reply.clone());
        let id = harness.request_answer().await;
        assert_eq!(harness.failed(id).await.0, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_sent_to_listed_addresses_only() {
    let (listed, other) = (ModelServer::start().await, ModelServer::start().await);
    let mut harness = Harness::start().await;
    let mut config = config();
    config.llm.endpoints = vec![Endpoint {
        base_url: listed.base_url(),
        // Cargo sets it for every test.
        key_variable: Some("CARGO_PKG_NAME".to_owned()),
    }];
    harness.start_worker(Worker::new(config).unwrap()).await;
    for model in [&listed, &other] {
        harness
            .set_agent(json!({"brain": brain(&model.base_url())}))
            .await;
        let id = harness.request_answer().await;
        harness.completed(id).await;
    }
    assert_eq!(listed.requests()[0].key(), Some("agent-worker"));
    assert_eq!(other.requests()[0].key(), Some("none"));
    harness
        .set_agent(json!({"brain": brain("http://10.255.255.1/v1")}))
        .await;
    let id = harness.request_answer().await;
    assert_eq!(harness.failed(id).await.0, "endpoint_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_other_chats_during_a_slow_model_request() {
    let (harness, model) = harness().await;
    model.reply(Reply::stall());
    let slow = harness.request_answer().await;
    eventually("the slow model request has started", async || {
        model.requests().len() == 1
    })
    .await;
    let quick = harness.request_answer().await;
    assert_eq!(answer(&harness, quick).await, "You said: Hello there");
    assert!(harness.outcomes(slow).await.is_empty());
}
