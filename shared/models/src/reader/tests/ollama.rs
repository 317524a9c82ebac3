//! Ollama's protocol.

use serde_json::json;

use super::check;
use crate::endpoint::Protocol::Ollama;

#[test]
fn lines_are_read() {
    let lines = [
        r#"{"message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}"#,
        r#"{"message":{"content":"Hel"},"done":false}"#,
        r#"{"message":{"content":"lo","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}},{"id":"b","function":{"index":1,"name":"g","arguments":{}}}]},"done":false}"#,
        r#"{"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4}"#,
    ];
    let expected = json!({
        "text": "Hello", "reasoning": "Hm", "calls": [["", "f", {"x": 1}], ["b", "g", {}]],
        "usage": [3, 4],
    });
    for ending in ["\n", "\r\n", ""] {
        check(Ollama, &lines.join(ending), &expected);
    }
}

#[test]
fn a_response_that_is_not_streamed_is_read() {
    let body = r#"{"message":{"content":"<think>a</think>Hi"},"done":true,"done_reason":"length"}"#;
    check(
        Ollama,
        body,
        &json!({"text": "Hi", "reasoning": "a", "finish": "length"}),
    );
    let body = r#"{"message":{"content":"Hi"},"done":true}"#;
    check(Ollama, body, &json!({"text": "Hi"}));
}
