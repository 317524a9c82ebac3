//! Turns with a script.

use serde_json::json;
use testkit::eventually;

use crate::support::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn a_script_answers_word_by_word() {
    let mut harness = Harness::start().await;
    harness.set_agent(json!({"brain": {"script": {
        "rules": [{"when": "TIME", "reply": "never"}, {"when": "hello", "reply": "{agent} greets {sender}: {text}"}],
        "pause_seconds": 0.001,
    }}})).await;
    harness.start_built_in().await;
    let id = harness.request_answer().await;
    let completed = harness.completed(id).await;
    let text = "Ada greets pat: Hello there";
    assert_eq!(completed.message.as_deref(), Some(text));
    assert_eq!(completed.usage, None);
    eventually("all chunks arrived", async || harness.streamed() == text).await;
    let chunks = harness.chunks();
    assert_eq!(chunks.len(), 5);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.run == id && chunk.attempt == 1)
    );
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_a_matching_rule_answers_its_default() {
    let mut harness = Harness::start().await;
    harness.start_built_in().await;
    let id = harness.request_answer().await;
    let message = harness.completed(id).await.message;
    assert_eq!(message.as_deref(), Some("Ada heard pat say: Hello there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_has_a_limit() {
    let mut harness = Harness::start().await;
    harness
        .set_agent(json!({
            "brain": {"script": {"pause_seconds": 3600}},
            "turn_timeout_seconds": 0.1,
        }))
        .await;
    harness.start_built_in().await;
    let id = harness.request_answer().await;
    assert_eq!(harness.failed(id).await.0, "timeout");
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_ended_is_not_started() {
    let mut harness = Harness::start().await;
    let id = harness.request_answer().await;
    harness.has_open_runs(1).await;
    harness.cancel(id).await;
    harness.start_built_in().await;
    harness.all_acknowledged().await;
    assert!(harness.outcomes(id).await.is_empty() && harness.chunks().is_empty());
}
