//! What particular servers and gateways send.

use serde_json::json;

use super::{check, check_error, check_events, events};
use crate::endpoint::Protocol::{Anthropic, Gemini, Ollama, OpenAi};
use crate::error::ErrorKind;

const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const CALLS: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
const CUT: &str = "unknown: the model was stopped before the call was complete";

#[test]
fn results_of_filters_are_no_choices() {
    // Azure: before the first piece, beside each, and behind the end.
    let data = [
        r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#,
        r#"{"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}]}"#,
        r#"{"choices":[{"content_filter_results":{"hate":{"filtered":false}},"delta":{"content":"Hi"},"finish_reason":null,"index":0}]}"#,
        STOP,
        r#"{"choices":[{"content_filter_offsets":{"check_offset":1},"content_filter_results":{},"finish_reason":null,"index":0}]}"#,
        r#"{"choices":[],"usage":{"completion_tokens":4,"prompt_tokens":3}}"#,
        "[DONE]",
    ];
    check_events(OpenAi, &data, &json!({"text": "Hi", "usage": [3, 4]}));
}

#[test]
fn an_end_and_counts_may_come_with_each_piece() {
    let piece = |text: &str, reason: &str| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"{reason}","index":0}}],"usage":{{"prompt_tokens":3,"completion_tokens":4}}}}"#
        )
    };
    let pieces = [piece("a", "stop"), piece("b", "stop"), piece("c", "length")];
    let expected = json!({"text": "abc", "usage": [3, 4], "finish": "length"});
    check_events(OpenAi, &pieces.each_ref().map(String::as_str), &expected);
    let pieces = ["a", "b"].map(|text| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}},"finishReason":"STOP"}}]}}"#
        )
    });
    let end = r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#;
    let data = [&pieces[0], &pieces[1], end];
    check_events(Gemini, &data, &json!({"text": "ab", "finish": "length"}));
}

#[test]
fn a_later_reason_that_only_repeats_the_end_is_ignored() {
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#;
    let expected = json!({"calls": [["a", "f", {}]], "finish": "calls"});
    check_events(OpenAi, &[call, STOP, "[DONE]"], &expected);
}

#[test]
fn the_only_choice_is_read_whatever_its_number_is() {
    let data = [
        r#"{"choices":[{"index":1,"delta":{"content":"Hi"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"other"}}]}"#,
        r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#,
    ];
    check_events(OpenAi, &data, &json!({"text": "Hi"}));
}

#[test]
fn an_empty_message_is_complete() {
    let start = r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
    check_events(OpenAi, &[start, "[DONE]"], &json!({}));
    let body = r#"{"choices":[{"message":{"role":"assistant","content":null}}]}"#;
    check(OpenAi, body, &json!({}));
    // Without a message there is nothing that could be complete.
    check_error(OpenAi, &events(&["[DONE]"]), ErrorKind::Truncated, "ended");
}

#[test]
fn pieces_that_add_nothing_make_no_call() {
    let piece = |call: &str| format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}"#);
    let complete = piece(r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#);
    let expected = json!({"calls": [["a", "f", {"x": 1}]], "finish": "calls"});
    for last in [
        r#"{"index":0,"id":"b","type":"function","function":{"arguments":""}}"#,
        r#"{"index":1,"function":{"name":null,"arguments":""}}"#,
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\": 1}"}}"#,
        r#"{"id":"a","function":{"name":"f","arguments":{"x":1}}}"#,
        r#"{"id":"a","function":{"name":"f","arguments":"{ \"x\": 1 }"}}"#,
    ] {
        check_events(OpenAi, &[&complete, &piece(last), CALLS], &expected);
    }
}

#[test]
fn a_call_in_both_fields_is_one() {
    let data = [
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}],"function_call":{"name":"f","arguments":""}}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}],"function_call":{"arguments":"{}"}}}]}"#,
        CALLS,
    ];
    let expected = json!({"calls": [["a", "f", {}]], "finish": "calls"});
    check_events(OpenAi, &data, &expected);
}

#[test]
fn the_last_call_of_a_model_that_was_stopped_may_be_cut() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#;
    let stop = r#"{"type":"content_block_stop","index":0}"#;
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":4}}"#;
    let expected = json!({"calls": [["a", "f", CUT]], "finish": "length", "usage": [0, 4]});
    check_events(Anthropic, &[start, stop, end], &expected);
    check_events(Anthropic, &[start, end], &expected);
    let body = r#"{"type":"message","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"f","input":{"x":2}}],"stop_reason":"max_tokens"}"#;
    let expected = json!({"calls": [["a", "f", {"x": 1}], ["b", "f", CUT]], "finish": "length"});
    check(Anthropic, body, &expected);
    // The empty object with which a gateway begins, and a text that is complete.
    for (arguments, expected) in [(r#"{}"#, json!(CUT)), (r#"{\"x\":1}"#, json!({"x": 1}))] {
        let call = format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"f","arguments":"{arguments}"}}}}]}},"finish_reason":"length"}}]}}"#
        );
        let expected = json!({"calls": [["a", "f", expected]], "finish": "length"});
        check_events(OpenAi, &[&call], &expected);
    }
}

#[test]
fn calls_of_the_provider_itself_are_kept_as_they_came() {
    let data = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\":"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"x\"}"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","encrypted_content":"e"}]}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
    ];
    let call = json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}});
    let result = json!({
        "type": "web_search_tool_result", "tool_use_id": "s",
        "content": [{"type": "web_search_result", "encrypted_content": "e"}],
    });
    let blocks = json!([{"before": 0, "block": call}, {"before": 0, "block": result}]);
    check_events(Anthropic, &data, &json!({"extra": {"blocks": blocks}}));
}

#[test]
fn blocks_may_share_a_number_or_lack_their_beginning() {
    let data = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"Hm","signature":"s"}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"x":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"b","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":2}"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
    ];
    let block = json!({"type": "thinking", "thinking": "Hm", "signature": "s"});
    let expected = json!({
        "reasoning": "Hm", "calls": [["a", "f", {"x": 1}], ["b", "f", {"x": 2}]],
        "extra": {"blocks": [{"before": 0, "block": block}]}, "finish": "calls",
    });
    check_events(Anthropic, &data, &expected);
    let data = [
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#,
    ];
    let call = ["", "", "unknown: the call names no tool"];
    check_events(
        Anthropic,
        &data,
        &json!({"calls": [call], "finish": "calls"}),
    );
}

#[test]
fn a_call_of_ollama_is_read_in_any_line_and_form() {
    let lines = [
        r#"{"message":{"content":"","tool_calls":[{"name":"f","arguments":{"x":1}}]},"done":false}"#,
        r#"{"message":{"content":"","tool_calls":{"function":{"name":"g","arguments":"{\"y\":2}"}}},"done":true,"done_reason":"stop"}"#,
    ];
    let expected = json!({"calls": [["", "f", {"x": 1}], ["", "g", {"y": 2}]]});
    check(Ollama, &lines.join("\n"), &expected);
    for reason in ["load", "unload"] {
        let body =
            format!(r#"{{"message":{{"content":""}},"done":true,"done_reason":"{reason}"}}"#);
        check(Ollama, &body, &json!({"finish": "other"}));
    }
}

#[test]
fn the_reason_of_an_end_may_be_behind_that_of_a_gateway() {
    for (reason, finish) in [
        ("content_filter: PROHIBITED_CONTENT", "filter"),
        (
            "function_call_filter: MALFORMED_FUNCTION_CALL",
            "malformed call",
        ),
        ("guardrail_intervened", "filter"),
        ("content_filtered", "filter"),
        ("max_output_tokens", "length"),
        ("MAX_TOKENS", "length"),
    ] {
        let data =
            format!(r#"{{"choices":[{{"delta":{{"content":"Hi"}},"finish_reason":"{reason}"}}]}}"#);
        check_events(OpenAi, &[&data], &json!({"text": "Hi", "finish": finish}));
    }
}

#[test]
fn parts_with_reasoning_are_no_text() {
    for kind in ["thinking", "reasoning_text", "reasoning.summary", "thought"] {
        let data = format!(
            r#"{{"choices":[{{"delta":{{"content":[{{"type":"{kind}","text":"Hm"}},{{"type":"output_text","text":"Hi"}}]}},"finish_reason":"stop"}}]}}"#
        );
        check_events(OpenAi, &[&data], &json!({"text": "Hi", "reasoning": "Hm"}));
    }
}
