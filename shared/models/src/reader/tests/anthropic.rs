//! Anthropic's protocol.

use serde_json::json;

use super::{check, check_events};
use crate::endpoint::Protocol::Anthropic;

const START: &str = r#"{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":3,"cache_read_input_tokens":7,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn end(reason: &str) -> String {
    format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}},"usage":{{"output_tokens":4}}}}"#
    )
}

#[test]
fn a_text_is_streamed() {
    let data = [
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        &end("end_turn"),
    ];
    let expected = json!({"text": "Hello", "usage": [10, 4], "cached": 7});
    check_events(Anthropic, &data, &expected);
    check_events(Anthropic, &[&data[..], &[STOP]].concat(), &expected);
}

#[test]
fn calls_and_thinking_are_streamed() {
    let data = [
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm\ud83d"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\ude00"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s1"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"redacted_thinking","data":"d"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        &end("tool_use"),
        STOP,
    ];
    let blocks = json!([
        {"before": 0, "block": {"type": "thinking", "thinking": "Hm😀", "signature": "s1"}},
        {"before": 1, "block": {"type": "redacted_thinking", "data": "d"}},
    ]);
    let expected = json!({
        "reasoning": "Hm😀", "calls": [["a", "f", {"x": 1}], ["b", "g", {}]],
        "extra": {"blocks": blocks}, "usage": [10, 4], "cached": 7, "finish": "calls",
    });
    check_events(Anthropic, &data, &expected);
}

#[test]
fn a_message_that_is_not_streamed_is_read() {
    let body = r#"{"type":"message","content":[{"type":"thinking","thinking":"Hm","signature":"s"},{"type":"text","text":"Hi"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#;
    let block = json!({"type": "thinking", "thinking": "Hm", "signature": "s"});
    let expected = json!({
        "text": "Hi", "reasoning": "Hm", "calls": [["a", "f", {"x": 1}]], "usage": [3, 4],
        "extra": {"blocks": [{"before": 0, "block": block}]}, "finish": "calls",
    });
    check(Anthropic, body, &expected);
}

#[test]
fn an_end_is_what_it_is() {
    let text =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
    for (reason, finish) in [
        ("max_tokens", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
    ] {
        let expected = json!({"text": "Hi", "usage": [0, 4], "finish": finish});
        check_events(Anthropic, &[text, &end(reason), STOP], &expected);
    }
}
