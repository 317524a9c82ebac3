//! Gemini's protocol.

use serde_json::json;

use super::{check, check_events};
use crate::endpoint::Protocol::Gemini;

const END: &str = r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1,"thoughtsTokenCount":3}}"#;

#[test]
fn a_text_and_thoughts_are_read() {
    let data = [
        r#"{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":3}}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"lo","thoughtSignature":"s"}]}}]}"#,
        END,
    ];
    let expected = json!({
        "text": "Hello", "reasoning": "Hm", "usage": [3, 4], "extra": {"thoughtSignature": "s"},
    });
    check_events(Gemini, &data, &expected);
    // Without `alt=sse`: an array.
    check(Gemini, &format!("[{}]", data.join("\n,\r\n")), &expected);
}

#[test]
fn calls_are_read() {
    let data = [
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":1},"id":"a"},"thoughtSignature":"s"},{"functionCall":{"name":"f","args":{"x":1}}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"g"}},{"functionCall":{"name":"h","willContinue":true}}]}}]}"#,
        END,
    ];
    let unknown = "unknown: the arguments came in a form that is not supported";
    let extra = json!({"thoughtSignature": "s", "functionCall": {"id": "a"}});
    let expected = json!({
        "calls": [
            ["a", "f", {"x": 1}, extra], ["", "f", {"x": 1}], ["", "g", "absent"], ["", "h", unknown],
        ],
        "usage": [3, 4],
    });
    check_events(Gemini, &data, &expected);
}

#[test]
fn tokens_from_a_cache_are_counted() {
    let data = r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"cachedContentTokenCount":2,"candidatesTokenCount":4}}"#;
    let expected = json!({"text": "Hi", "usage": [3, 4], "cached": 2});
    check_events(Gemini, &[data], &expected);
}

#[test]
fn an_end_is_what_it_is() {
    for (reason, finish) in [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "filter"),
        ("RECITATION", "filter"),
        ("MALFORMED_FUNCTION_CALL", "malformed call"),
        ("OTHER", "other"),
    ] {
        let data = format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"Hi"}}]}},"finishReason":"{reason}"}}]}}"#
        );
        check_events(Gemini, &[&data], &json!({"text": "Hi", "finish": finish}));
    }
    let blocked =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}"#;
    check_events(
        Gemini,
        &[blocked],
        &json!({"finish": "filter", "usage": [3, 0]}),
    );
}
