//! The tool calls of OpenAI-compatible servers, in every form in which they come.

use serde_json::{Value, json};

use super::{check_events, summary};
use crate::endpoint::Protocol::OpenAi;

const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
const UNKNOWN: &str = "unknown: it is not known which call has which arguments";

/// Reads pieces of calls, one per event, and compares the calls.
#[track_caller]
fn check(pieces: &[&str], expected: &Value) {
    let mut data: Vec<String> = pieces
        .iter()
        .map(|piece| format!(r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{piece}]}}}}]}}"#))
        .collect();
    data.push(FINISH.to_owned());
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    check_events(
        OpenAi,
        &data,
        &json!({"calls": expected, "finish": "calls"}),
    );
}

/// Reads a message that is not streamed.
#[track_caller]
fn check_message(message: &str, expected: &Value) {
    let body = format!(
        r#"{{"choices":[{{"index":0,"message":{message},"finish_reason":"tool_calls"}}]}}"#
    );
    super::check(
        OpenAi,
        &body,
        &json!({"calls": expected, "finish": "calls"}),
    );
}

#[test]
fn any_number_identifies_a_call() {
    let one = json!([["a", "f", {"x": 1}]]);
    for index in ["0", "1", "7", "\"2\"", "3.0"] {
        let complete = format!(
            r#"{{"index":{index},"id":"a","type":"function","function":{{"name":"f","arguments":"{{\"x\":1}}"}}}}"#
        );
        check(&[&complete], &one);
        let start =
            format!(r#"{{"index":{index},"id":"a","function":{{"name":"f","arguments":""}}}}"#);
        let middle = format!(r#"{{"index":{index},"function":{{"arguments":"{{\"x\""}}}}"#);
        let end = format!(r#"{{"index":{index},"function":{{"arguments":":1}}"}}}}"#);
        check(&[&start, &middle, &end], &one);
    }
}

#[test]
fn pieces_of_several_calls_may_alternate() {
    let two = json!([["a", "f", {"x": 1}], ["b", "g", {"y": 2}]]);
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}"#,
            r#"{"index":0,"function":{"arguments":"{\"x\":"}},{"index":1,"function":{"arguments":"\"y\":"}}"#,
            r#"{"index":1,"function":{"arguments":"2}"}}"#,
            r#"{"index":0,"function":{"arguments":"1}"}}"#,
        ],
        &two,
    );
    // By their ids.
    check(
        &[
            r#"{"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
            r#"{"id":"b","function":{"name":"g","arguments":"{\"y\""}}"#,
            r#"{"id":"a","function":{"arguments":":1}"}}"#,
            r#"{"id":"b","function":{"arguments":":2}"}}"#,
        ],
        &two,
    );
}

#[test]
fn a_call_without_a_number_is_found_by_its_id_or_its_place() {
    let one = json!([["a", "f", {"x": 1}]]);
    let two = json!([["a", "f", {"x": 1}], ["b", "f", {"x": 1}]]);
    let complete = r#"{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#;
    let other = r#"{"id":"b","function":{"name":"f","arguments":"{\"x\":1}"}}"#;
    check(&[complete], &one);
    check(&[complete, other], &two);
    check(&[&format!("{complete},{other}")], &two);
    check(
        &[
            r#"{"index":null,"id":"a","function":{"name":"f","arguments":null}}"#,
            r#"{"id":null,"function":{"name":null,"arguments":"{\"x\""}}"#,
            r#"{"id":"","function":{"name":"","arguments":":1}"}}"#,
        ],
        &one,
    );
    // Without ids, each call begins with its name.
    let none = json!([["", "f", {"x": 1}], ["", "f", {"x": 1}]]);
    let complete = r#"{"function":{"name":"f","arguments":"{\"x\":1}"}}"#;
    check(&[complete, complete], &none);
    check(&[&format!("{complete},{complete}")], &none);
}

#[test]
fn an_id_or_a_number_may_come_late() {
    let one = json!([["a", "f", {"x": 1}]]);
    check(
        &[
            r#"{"index":0,"function":{"name":"f","arguments":"{"}}"#,
            r#"{"index":0,"id":"a","function":{"arguments":"\"x\":1}"}}"#,
        ],
        &one,
    );
    check(
        &[
            r#"{"function":{"name":"f","arguments":"{"}}"#,
            r#"{"id":"a","function":{"arguments":"\"x\":1}"}}"#,
        ],
        &one,
    );
    check(
        &[
            r#"{"id":"a","function":{"name":"f","arguments":"{"}}"#,
            r#"{"index":0,"function":{"arguments":"\"x\":1}"}}"#,
        ],
        &one,
    );
    // The number of a call changes with each piece.
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
            r#"{"index":1,"id":"a","function":{"arguments":"\"x\""}}"#,
            r#"{"index":2,"id":"a","function":{"arguments":":1}"}}"#,
        ],
        &one,
    );
    // The arguments come before the name.
    check(
        &[
            r#"{"index":0,"id":"a","function":{"arguments":"{\"x\":1}"}}"#,
            r#"{"index":0,"function":{"name":"f"}}"#,
        ],
        &one,
    );
}

#[test]
fn what_is_repeated_counts_once() {
    let one = json!([["a", "f", {"x": 1}]]);
    let start = r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#;
    let complete = r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#;
    check(
        &[
            start,
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}"#,
        ],
        &one,
    );
    // An id for each piece.
    check(
        &[
            start,
            r#"{"index":0,"id":"b","function":{"arguments":":1}"}}"#,
        ],
        &one,
    );
    check(
        &[
            start,
            r#"{"index":0,"id":"b","function":{"name":"f","arguments":":1}"}}"#,
        ],
        &one,
    );
    // Each piece has all that came before.
    check(&[start, complete], &one);
    check(&[complete, complete], &one);
    check(
        &[complete, r#"{"index":0,"id":"a","function":{"name":"f"}}"#],
        &one,
    );
    // The last piece repeats all.
    check(
        &[
            start,
            r#"{"index":0,"function":{"arguments":":1}"}}"#,
            complete,
        ],
        &one,
    );
    // The empty input of Anthropic's protocol.
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":0,"function":{"arguments":"{\"x\""}}"#,
            r#"{"index":0,"function":{"arguments":":1}"}}"#,
        ],
        &one,
    );
    // An inner object that begins as the outer one does is no repetition.
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
            r#"{"index":0,"function":{"arguments":"{\"x\":1}}"}}"#,
        ],
        &json!([["a", "f", {"x": {"x": 1}}]]),
    );
}

#[test]
fn a_name_may_come_in_pieces() {
    let one = json!([["a", "get_x", {}]]);
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"get"}}"#,
            r#"{"index":0,"function":{"name":"_x"}}"#,
            r#"{"index":0,"function":{"arguments":"{}"}}"#,
        ],
        &one,
    );
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"get"}}"#,
            r#"{"index":0,"id":"a","function":{"name":"get_x"}}"#,
            r#"{"index":0,"id":"a","function":{"name":"get_x","arguments":"{}"}}"#,
        ],
        &one,
    );
}

#[test]
fn one_number_may_stand_for_several_calls() {
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            r#"{"index":0,"id":"b","function":{"name":"f","arguments":"{\"x\""}}"#,
            r#"{"index":0,"function":{"arguments":":2}"}}"#,
        ],
        &json!([["a", "f", {"x": 1}], ["b", "f", {"x": 2}]]),
    );
    check(
        &[
            r#"{"index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            r#"{"index":0,"function":{"name":"f","arguments":"{\"x\":2}"}}"#,
            r#"{"index":0,"function":{"name":"g","arguments":"{\"x\":2}"}}"#,
        ],
        &json!([["", "f", {"x": 1}], ["", "f", {"x": 2}], ["", "g", {"x": 2}]]),
    );
}

#[test]
fn one_id_may_stand_for_several_calls() {
    let two = json!([["a", "f", {"x": 1}], ["a", "f", {"x": 2}]]);
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            r#"{"index":1,"id":"a","function":{"name":"f","arguments":"{\"x\":2}"}}"#,
        ],
        &two,
    );
    check(
        &[
            r#"{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            r#"{"id":"a","function":{"name":"f","arguments":"{\"x\":2}"}}"#,
        ],
        &two,
    );
    check_message(
        r#"{"tool_calls":[
            {"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},
            {"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}"#,
        &json!([["a", "f", {"x": 1}], ["a", "f", {"x": 1}]]),
    );
}

/// Arguments as a JSON value of the response, and what they are.
fn arguments() -> Vec<(&'static str, Value)> {
    let unknown = |reason: &str| json!(format!("unknown: {reason}"));
    vec![
        (r#""{\"x\":1}""#, json!({"x": 1})),
        (r#"" {\"x\": 1}\n""#, json!({"x": 1})),
        (r#"{"x":1}"#, json!({"x": 1})),
        ("{}", json!({})),
        (r#""{}""#, json!({})),
        (r#""\"{\\\"x\\\":1}\"""#, json!({"x": 1})),
        (r#""""#, json!("absent")),
        (r#""  ""#, json!("absent")),
        ("null", json!("absent")),
        (r#""null""#, json!("absent")),
        (r#""[1]""#, unknown("the arguments must be a JSON object")),
        ("[1]", unknown("the arguments must be a JSON object")),
        ("7", unknown("the arguments must be a JSON object")),
        (
            r#""\"x\"""#,
            unknown("the arguments must be a JSON object, not a text"),
        ),
        (
            r#""{\"x\":""#,
            unknown(
                "the arguments are not valid JSON: EOF while parsing a value at line 1 column 5",
            ),
        ),
        (
            r#""{\"x\":1}{\"x\":2}""#,
            unknown("the arguments are not valid JSON: trailing characters at line 1 column 8"),
        ),
        (
            r#""{\"x\":\"\\ud83d\"}""#,
            unknown(
                "the arguments are not valid JSON: unexpected end of hex escape at line 1 column 13",
            ),
        ),
    ]
}

#[test]
fn arguments_are_what_the_model_wrote_or_unknown() {
    for (written, expected) in arguments() {
        let piece =
            format!(r#"{{"index":0,"id":"a","function":{{"name":"f","arguments":{written}}}}}"#);
        check(&[&piece], &json!([["a", "f", expected]]));
        let message = format!(r#"{{"content":null,"tool_calls":[{piece}]}}"#);
        check_message(&message, &json!([["a", "f", expected]]));
    }
    check(
        &[r#"{"index":0,"id":"a","function":{"name":"f"}}"#],
        &json!([["a", "f", "absent"]]),
    );
}

#[test]
fn what_can_not_be_known_is_not_guessed() {
    // Two objects for one call.
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}"#,
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x":2}}}"#,
        ],
        &json!([[
            "a",
            "f",
            "unknown: the arguments were written more than once, and differ"
        ]]),
    );
    // Arguments whose call is not named.
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":1,"function":{"arguments":"{\"x\":1}"}}"#,
        ],
        &json!([
            ["a", "f", UNKNOWN],
            ["", "", "unknown: the call names no tool"]
        ]),
    );
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":1,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
        ],
        &json!([["a", "f", UNKNOWN], ["a", "f", {"x": 1}]]),
    );
    check(
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1"}}"#,
            r#"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
        &json!([
            [
                "a",
                "f",
                "unknown: the arguments are not valid JSON: EOF while parsing an object at line 1 column 6"
            ],
            ["b", "g", {}],
        ]),
    );
}

#[test]
fn a_call_that_was_cut_off_is_unknown() {
    let data = [
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"f","arguments":""}}]}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#,
    ];
    let reason = "unknown: the model was stopped before the call was complete";
    let expected = json!({"finish": "length", "calls": [["a", "f", {}], ["b", "f", reason]]});
    check_events(OpenAi, &data, &expected);
}

#[test]
fn the_older_form_of_a_call_is_a_call() {
    let expected = json!({"calls": [["", "f", {"x": 1}]], "finish": "calls"});
    let data = [
        r#"{"choices":[{"delta":{"function_call":{"name":"f","arguments":""}},"finish_reason":null}]}"#,
        r#"{"choices":[{"delta":{"function_call":{"arguments":"{\"x\""}}}]}"#,
        r#"{"choices":[{"delta":{"function_call":{"arguments":":1}"}}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"function_call"}]}"#,
    ];
    check_events(OpenAi, &data, &expected);
    check_message(
        r#"{"content":null,"function_call":{"name":"f","arguments":"{\"x\":1}"}}"#,
        &json!([["", "f", {"x": 1}]]),
    );
    // In both fields.
    check_message(
        r#"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}],
            "function_call":{"name":"f","arguments":"{}"}}"#,
        &json!([["a", "f", {}]]),
    );
}

#[test]
fn fields_that_a_server_needs_again_are_kept() {
    check(
        &[
            r#"{"index":0,"id":"a","type":"function","extra_content":{"google":{"thought_signature":"s"}},"function":{"name":"f","arguments":"","provider":{"k":1}}}"#,
            r#"{"index":0,"function":{"arguments":"{}"}}"#,
        ],
        &json!([["a", "f", {}, {
            "extra_content": {"google": {"thought_signature": "s"}},
            "function": {"provider": {"k": 1}},
        }]]),
    );
}

#[test]
fn numbers_and_the_order_of_keys_stay_as_they_were_written() {
    let written = r#"{"z":12345678901234567890123,"a":1.0,"z2":1e400}"#;
    let in_text = written.replace('"', "\\\"");
    for arguments in [
        format!("\"{in_text}\""),
        written.replace(",\"z2\":1e400", ""),
    ] {
        let body = format!(
            r#"{{"choices":[{{"message":{{"tool_calls":[{{"id":"a","function":{{"name":"f","arguments":{arguments}}}}}]}},"finish_reason":"stop"}}]}}"#
        );
        let completion = super::read(OpenAi, [body.as_bytes()]).unwrap();
        let text = format!("{:?}", completion.calls[0].arguments);
        // A number beyond all floats is not valid, and a call with it is refused.
        let is_valid = !arguments.contains("1e400");
        assert_eq!(text.contains("12345678901234567890123"), is_valid, "{text}");
        assert_eq!(is_valid, summary(&completion)["calls"][0][2].is_object());
    }
}
