//! OpenAI's protocol, apart from calls.

use serde_json::json;

use super::{check, check_events, events, read};
use crate::endpoint::Protocol::OpenAi;

const TEXT: &str =
    r#"{"choices":[{"index":0,"delta":{"content":"the complete answer"},"finish_reason":null}]}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;

#[test]
fn an_answer_ends_in_any_way_that_says_so() {
    let plain = json!({"text": "the complete answer"});
    let counted = json!({"text": "the complete answer", "usage": [3, 4]});
    check_events(OpenAi, &[TEXT, STOP, "[DONE]"], &plain);
    check_events(OpenAi, &[TEXT, STOP], &plain);
    check_events(OpenAi, &[TEXT, "[DONE]"], &plain);
    check_events(OpenAi, &[TEXT, STOP, USAGE, "[DONE]"], &counted);
    check_events(OpenAi, &[TEXT, STOP, USAGE], &counted);
    check_events(OpenAi, &[TEXT, USAGE, STOP], &counted);
    check_events(
        OpenAi,
        &[
            r#"{"choices":[{"delta":{"content":"the complete answer"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
        ],
        &counted,
    );
    // Without the empty line behind the last event, and with one event per line.
    check(OpenAi, events(&[TEXT, STOP]).trim_end(), &plain);
    check(
        OpenAi,
        &events(&[TEXT, STOP, "[DONE]"]).replace("\n\n", "\n"),
        &plain,
    );
    // The reason of the end in each piece.
    let pieces = ["the ", "complete ", "answer"].map(|text| {
        format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"stop"}}]}}"#)
    });
    check_events(OpenAi, &pieces.each_ref().map(String::as_str), &plain);
}

#[test]
fn a_body_that_is_not_a_stream_is_an_answer() {
    let expected = json!({"text": "Hi", "usage": [3, 4]});
    for body in [
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
        "\n{\n \"choices\": [{\"message\": {\"content\": \"Hi\", \"tool_calls\": null}}],\n \"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 4}\n}\n",
        r#"{"choices":[{"delta":{},"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
        // An event with it, and a stream without events.
        "data: {\"choices\":[{\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
        "{\"choices\":[{\"delta\":{\"content\":\"H\"}}]}\n{\"choices\":[{\"delta\":{\"content\":\"i\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n",
    ] {
        check(OpenAi, body, &expected);
    }
}

#[test]
fn tokens_from_a_cache_are_counted() {
    for details in [
        r#""prompt_tokens_details":{"cached_tokens":2,"audio_tokens":0}"#,
        r#""input_tokens_details":{"cached_tokens":2}"#,
        r#""prompt_cache_hit_tokens":2,"prompt_cache_miss_tokens":1"#,
    ] {
        let usage = format!(
            r#"{{"choices":[],"usage":{{"prompt_tokens":3,"completion_tokens":4,{details}}}}}"#
        );
        let expected = json!({"text": "the complete answer", "usage": [3, 4], "cached": 2});
        check_events(OpenAi, &[TEXT, STOP, &usage], &expected);
    }
}

#[test]
fn null_is_nothing() {
    let data = [
        r#"{"id":null,"error":null,"usage":null,"choices":[{"index":null,"delta":{"role":"assistant","content":null,"refusal":null,"tool_calls":null,"function_call":null,"reasoning_content":null},"finish_reason":null}]}"#,
        r#"{"choices":[{"delta":null,"finish_reason":""}]}"#,
        r#"{"choices":null}"#,
        r#"{"choices":[null]}"#,
        r#"{"choices":[{"delta":{"content":"Hi","tool_calls":[]}}]}"#,
        r#"{"choices":[{"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":null,"completion_tokens":2}}"#,
    ];
    check_events(OpenAi, &data, &json!({"text": "Hi", "usage": [0, 2]}));
}

#[test]
fn characters_may_be_split() {
    let data = [
        r#"{"choices":[{"delta":{"content":"a\ud83d"}}]}"#,
        r#"{"choices":[{"delta":{"content":"\ude00é€😀"}}]}"#,
        r#"{"choices":[{"delta":{"content":"\ud83d"},"finish_reason":"stop"}]}"#,
    ];
    check_events(OpenAi, &data, &json!({"text": "a😀é€😀\u{FFFD}"}));
}

#[test]
fn reasoning_is_kept_apart() {
    for field in ["reasoning_content", "reasoning"] {
        let piece = format!(r#"{{"choices":[{{"delta":{{"{field}":"Hm"}}}}]}}"#);
        let both = format!(r#"{{"choices":[{{"delta":{{"{field}":"m.","content":"Hi"}}}}]}}"#);
        let mut completion = read(OpenAi, [events(&[&piece, &both, STOP]).as_bytes()]).unwrap();
        completion.extra.clear();
        assert_eq!(
            super::summary(&completion),
            json!({"text": "Hi", "reasoning": "Hmm."})
        );
    }
    let parts = r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},{"type":"text","text":"Hi"}]}}]}"#;
    check_events(
        OpenAi,
        &[parts, STOP],
        &json!({"text": "Hi", "reasoning": "Hm"}),
    );
    let tags = [
        r#"{"choices":[{"index":0,"delta":{"content":"<think>\nA greeting.\n"},"finish_reason":null}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"@bob would know.\n</think>\n\n"},"finish_reason":null}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"Hello there!"},"finish_reason":"stop"}]}"#,
    ];
    let expected =
        json!({"text": "Hello there!", "reasoning": "\nA greeting.\n@bob would know.\n"});
    check_events(OpenAi, &tags, &expected);
}

#[test]
fn details_of_reasoning_are_kept_for_the_server() {
    let data = [
        r#"{"choices":[{"delta":{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]}}]}"#,
        r#"{"choices":[{"delta":{"reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b","signature":"s","index":0}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#,
    ];
    let details = json!([{"type": "reasoning.text", "text": "ab", "signature": "s", "index": 0}]);
    let expected = json!({
        "text": "Hi", "reasoning": "ab", "extra": {"reasoning_details": details},
    });
    check_events(OpenAi, &data, &expected);
}

#[test]
fn an_end_is_what_it_is() {
    for (reason, expected) in [
        ("stop", json!({"text": "Hi"})),
        ("length", json!({"text": "Hi", "finish": "length"})),
        ("content_filter", json!({"text": "Hi", "finish": "filter"})),
        ("something new", json!({"text": "Hi", "finish": "other"})),
    ] {
        let data =
            format!(r#"{{"choices":[{{"delta":{{"content":"Hi"}},"finish_reason":"{reason}"}}]}}"#);
        check_events(OpenAi, &[&data], &expected);
    }
    let data = [
        r#"{"choices":[{"delta":{"refusal":"I can"}}]}"#,
        r#"{"choices":[{"delta":{"refusal":"not."},"finish_reason":"stop"}]}"#,
    ];
    check_events(OpenAi, &data, &json!({"refusal": "I cannot."}));
}

#[test]
fn text_may_come_with_calls() {
    let data = [
        r#"{"choices":[{"delta":{"content":"Let me see.","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"delta":{"content":" Wait."},"finish_reason":"tool_calls"}]}"#,
    ];
    let expected =
        json!({"text": "Let me see. Wait.", "calls": [["a", "f", {}]], "finish": "calls"});
    check_events(OpenAi, &data, &expected);
}
