//! Responses of each protocol as tables, read in every split.

mod anthropic;
mod calls;
mod errors;
mod gemini;
mod ollama;
mod openai;
mod servers;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::completion::{Arguments, Finish};
use crate::endpoint::Protocol;
use crate::fuzzing::read_response;

/// Reads a response that comes in these pieces and ends.
fn read<'a>(
    protocol: Protocol,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Completion, Error> {
    let (shown, completion) = read_response(protocol, pieces)?;
    assert_eq!(shown, completion.text, "what is shown is what is kept");
    Ok(completion)
}

/// What is in a completion, without what is empty.
fn summary(completion: &Completion) -> Value {
    let mut fields = Map::new();
    let mut add = |key: &str, value: Value| {
        let is_empty = [json!(""), json!([]), json!({}), Value::Null].contains(&value);
        if !is_empty {
            fields.insert(key.to_owned(), value);
        }
    };
    add("text", json!(completion.text));
    add("reasoning", json!(completion.reasoning));
    add("refusal", json!(completion.refusal));
    let calls = completion.calls.iter().map(|call| {
        let arguments = match &call.arguments {
            Arguments::Object(object) => serde_json::from_str(object.get()).unwrap(),
            Arguments::Absent => json!("absent"),
            Arguments::Unknown { reason } => json!(format!("unknown: {reason}")),
        };
        match call.extra.is_empty() {
            true => json!([call.id, call.name, arguments]),
            false => json!([call.id, call.name, arguments, call.extra]),
        }
    });
    add("calls", calls.collect());
    add("extra", json!(completion.extra));
    let usage = completion.usage;
    add(
        "usage",
        json!(usage.map(|usage| [usage.input_tokens, usage.output_tokens])),
    );
    add(
        "cached",
        json!(usage.and_then(|usage| usage.cached_input_tokens)),
    );
    let finish = match &completion.finish {
        Finish::Stop => "",
        Finish::ToolCalls => "calls",
        Finish::Length => "length",
        Finish::ContentFilter(_) => "filter",
        Finish::Refusal => "refusal",
        Finish::MalformedCall(_) => "malformed call",
        Finish::Other(_) => "other",
    };
    add("finish", json!(finish));
    Value::Object(fields)
}

/// Reads the response in every split.
fn each_split(protocol: Protocol, body: &str, check: impl Fn(Result<Completion, Error>)) {
    let bytes = body.as_bytes();
    check(read(protocol, [bytes]));
    check(read(protocol, bytes.chunks(1)));
    for at in 0..=bytes.len() {
        let (start, end) = bytes.split_at(at);
        check(read(protocol, [start, end]));
    }
}

/// Events with these data.
fn events(data: &[&str]) -> String {
    data.iter()
        .map(|data| format!("data: {data}\n\n"))
        .collect()
}

#[track_caller]
fn check(protocol: Protocol, body: &str, expected: &Value) {
    each_split(protocol, body, |completion| match completion {
        Ok(completion) => assert_eq!(summary(&completion), *expected, "{body}"),
        Err(error) => panic!("{error}: {body}"),
    });
}

/// Reads events with any line ending, and with comments between them.
#[track_caller]
fn check_events(protocol: Protocol, data: &[&str], expected: &Value) {
    let body = events(data);
    check(protocol, &body, expected);
    let comments = body.replace("\n\n", "\n\n: keep-alive\n\n");
    for body in [
        body.replace('\n', "\r"),
        body.replace('\n', "\r\n"),
        comments,
    ] {
        let bytes = body.as_bytes();
        let check = |completion: Result<Completion, Error>| {
            assert_eq!(summary(&completion.unwrap()), *expected, "{body}");
        };
        check(read(protocol, bytes.chunks(1)));
        let is_end = |at: &usize| matches!(bytes[*at], b'\r' | b'\n');
        for at in (0..bytes.len()).filter(is_end) {
            for cut in [at, at + 1] {
                let (start, end) = bytes.split_at(cut);
                check(read(protocol, [start, end]));
            }
        }
    }
}

#[track_caller]
fn check_error(protocol: Protocol, body: &str, kind: ErrorKind, words: &str) {
    each_split(protocol, body, |completion| {
        let error = completion.expect_err(body);
        assert_eq!(error.kind, kind, "{error}: {body}");
        assert!(error.message.contains(words), "{error}: {body}");
    });
}

proptest! {
    #[test]
    fn a_completion_does_not_depend_on_the_split(
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ending in prop::sample::select(vec!["\n", "\r", "\r\n"]),
    ) {
        let body = events(&[
            r#"{"choices":[{"delta":{"content":"<think>a\ud83d"}}]}"#,
            r#"{"choices":[{"delta":{"content":"\ude00</think>\n\nGrüße 😀 \ud83d\ude00"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"a","function":{"name":"f","arguments":"{\"t\":\"\\ud8"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"3d\\ude00\"}"}}]},"finish_reason":"tool_calls"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
            "[DONE]",
        ]).replace('\n', ending);
        let bytes = body.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        let completion = read(Protocol::OpenAi, pieces).unwrap();
        let expected = json!({
            "text": "Grüße 😀 😀", "reasoning": "a😀", "usage": [3, 4], "finish": "calls",
            "calls": [["a", "f", {"t": "😀"}]],
        });
        prop_assert_eq!(summary(&completion), expected);
    }
}

#[test]
fn what_comes_behind_the_end_is_not_read() {
    let body = concat!(
        "data: [DONE]\n\n",
        r#"data: {"choices":[{"message":{"role":"assistant","content":"late"}}]}"#,
        "\n\n"
    );
    let at_once = read(Protocol::OpenAi, [body.as_bytes()]);
    let in_pieces = read(Protocol::OpenAi, body.as_bytes().chunks(1));
    let reasons = [at_once, in_pieces].map(|read| read.unwrap_err().to_string());
    assert_eq!(reasons[0], reasons[1]);
}
