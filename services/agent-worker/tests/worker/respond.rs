//! Turns with a script.

use serde_json::json;
use testkit::eventually;

use crate::support::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_script_answers_word_by_word() {
    let mut stage = Stage::set().await;
    stage.agent(json!({"brain": {"script": {
        "rules": [{"when": "TIME", "reply": "never"}, {"when": "hello", "reply": "{agent} greets {sender}: {text}"}],
        "pause_seconds": 0.001,
    }}}));
    stage.work().await;
    let id = stage.request("respond").await;
    let completed = stage.completed(id).await;
    let text = "Ada greets pat: Hello there";
    assert_eq!(completed.message.as_deref(), Some(text));
    assert_eq!(completed.usage, None);
    eventually("all pieces came", async || stage.streamed() == text).await;
    let chunks = stage.chunks();
    assert_eq!(chunks.len(), 5);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.invocation == id && chunk.attempt == 1)
    );
    stage.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_a_rule_that_fits_says_its_default() {
    let mut stage = Stage::set().await;
    stage.work().await;
    let id = stage.request("respond").await;
    let message = stage.completed(id).await.message;
    assert_eq!(message.as_deref(), Some("Ada heard pat say: Hello there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_has_a_limit() {
    let mut stage = Stage::set().await;
    stage.agent(json!({
        "brain": {"script": {"pause_seconds": 3600}},
        "turn_timeout_seconds": 0.1,
    }));
    stage.work().await;
    let id = stage.request("respond").await;
    assert_eq!(stage.failed(id).await.0, "timeout");
    stage.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_over_is_not_begun() {
    let mut stage = Stage::set().await;
    let id = stage.request("respond").await;
    stage.end(id);
    stage.work().await;
    stage.all_acknowledged().await;
    assert!(stage.outcomes(id).is_empty() && stage.chunks().is_empty());
}
