//! Requests of each protocol.

use serde_json::{Map, Value, json};

use super::*;
use crate::request::{Message, Options, SentCall, Tool, ToolResult};

fn endpoint(protocol: Protocol) -> Endpoint {
    Endpoint {
        protocol,
        base_url: "http://models.example/v1/".parse().unwrap(),
        query: None,
        key: Some("secret".to_owned()),
        authorization: Authorization::Bearer,
    }
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn conversation(call_extra: &Value, extra: &Value) -> [Message; 3] {
    let call = SentCall {
        id: "a".to_owned(),
        name: "f".to_owned(),
        arguments: serde_json::value::to_raw_value(&json!({"x": 1})).unwrap(),
        extra: fields(call_extra),
    };
    let result = ToolResult {
        id: "a".to_owned(),
        name: "f".to_owned(),
        text: "no".to_owned(),
        failed: true,
        extra: fields(call_extra),
    };
    [
        Message::User("Hi".to_owned()),
        Message::Assistant {
            text: "Wait.".to_owned(),
            calls: vec![call],
            extra: fields(extra),
        },
        Message::ToolResults(vec![result]),
    ]
}

fn tools() -> [Tool; 1] {
    [Tool {
        name: "f".to_owned(),
        description: "d".to_owned(),
        schema: json!({"type": "object"}),
    }]
}

fn body(protocol: Protocol, messages: &[Message], tools: &[Tool], options: &Options) -> Value {
    let request = Request {
        model: "qwen-max",
        system: "S",
        messages,
        tools,
        options,
        is_streamed: false,
    };
    write_request(&endpoint(protocol), &request).body
}

#[test]
fn only_what_was_set_is_sent_and_a_name_as_it_is() {
    let hi = [Message::User("Hi".to_owned())];
    for model in [
        "qwen-max",
        "gemini-3.8-flash-high",
        "my-finetune-low",
        "a/b:c",
    ] {
        for protocol in [
            Protocol::OpenAi,
            Protocol::Anthropic,
            Protocol::Gemini,
            Protocol::Ollama,
        ] {
            let options = Options::default();
            let request = Request {
                model,
                system: "",
                messages: &hi,
                tools: &[],
                options: &options,
                is_streamed: false,
            };
            let written = write_request(&endpoint(protocol), &request);
            let messages = json!([{"role": "user", "content": "Hi"}]);
            let expected = match protocol {
                Protocol::OpenAi => json!({"model": model, "messages": messages}),
                Protocol::Anthropic => {
                    json!({"model": model, "messages": messages, "max_tokens": 8192})
                }
                Protocol::Gemini => {
                    json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})
                }
                Protocol::Ollama => json!({"model": model, "messages": messages, "stream": false}),
            };
            assert_eq!(written.body, expected);
            if protocol == Protocol::Gemini {
                assert!(written.path.ends_with(&format!("{model}:generateContent")));
            }
        }
    }
}

#[test]
fn options_are_sent_as_they_were_set() {
    let options = Options {
        temperature: Some(0.5),
        tokens_max: Some(7),
        reasoning_effort: Some("low".to_owned()),
        body: fields(&json!({"top_k": 3, "options": {"num_ctx": 9}, "messages": null})),
        ..Options::default()
    };
    let with = |protocol| {
        let mut body = body(protocol, &[], &[], &options);
        body.as_object_mut().unwrap().retain(|key, _| {
            !["model", "system", "contents", "systemInstruction", "stream"].contains(&key.as_str())
        });
        body
    };
    let more = json!({"num_ctx": 9});
    assert_eq!(
        with(Protocol::OpenAi),
        json!({"temperature": 0.5, "max_tokens": 7, "reasoning_effort": "low", "top_k": 3, "options": more})
    );
    assert_eq!(
        with(Protocol::Anthropic),
        json!({"temperature": 0.5, "max_tokens": 7, "output_config": {"effort": "low"}, "top_k": 3, "options": more})
    );
    let config = json!({"temperature": 0.5, "maxOutputTokens": 7, "thinkingConfig": {"thinkingLevel": "low"}});
    assert_eq!(
        with(Protocol::Gemini),
        json!({"generationConfig": config, "top_k": 3, "options": more})
    );
    let merged = json!({"temperature": 0.5, "num_predict": 7, "num_ctx": 9});
    assert_eq!(
        with(Protocol::Ollama),
        json!({"options": merged, "think": "low", "top_k": 3})
    );
    let options = Options {
        tokens_max: Some(7),
        max_completion_tokens: true,
        ..Options::default()
    };
    let body = body(Protocol::OpenAi, &[], &[], &options);
    assert_eq!(
        (&body["max_completion_tokens"], &body["max_tokens"]),
        (&json!(7), &Value::Null)
    );
}

#[test]
fn a_stream_is_requested_with_its_counts_unless_a_server_rejects_that() {
    for (no_stream_options, expected) in
        [(false, json!({"include_usage": true})), (true, Value::Null)]
    {
        let options = Options {
            no_stream_options,
            ..Options::default()
        };
        let request = Request {
            model: "m",
            system: "",
            messages: &[],
            tools: &[],
            options: &options,
            is_streamed: true,
        };
        let body = write_request(&endpoint(Protocol::OpenAi), &request).body;
        assert_eq!(
            (&body["stream"], &body["stream_options"]),
            (&json!(true), &expected)
        );
        let gemini = write_request(&endpoint(Protocol::Gemini), &request);
        assert_eq!(gemini.path, "models/m:streamGenerateContent");
        assert_eq!(gemini.query.as_deref(), Some("alt=sse"));
    }
}

#[test]
fn headers_have_the_key_and_what_the_caller_adds() {
    let mut options = Options::default();
    options.headers.insert("x-title".to_owned(), "t".to_owned());
    let headers = |endpoint: &Endpoint| {
        let request = Request {
            model: "m",
            system: "",
            messages: &[],
            tools: &[],
            options: &options,
            is_streamed: false,
        };
        let headers = write_request(endpoint, &request).headers;
        headers
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
    };
    let mut endpoint = endpoint(Protocol::OpenAi);
    assert_eq!(
        headers(&endpoint),
        ["authorization=Bearer secret", "x-title=t"]
    );
    endpoint.key = None;
    assert_eq!(
        headers(&endpoint),
        ["authorization=Bearer none", "x-title=t"]
    );
    endpoint.authorization = Authorization::Header("api-key");
    assert_eq!(headers(&endpoint), ["x-title=t"]);
    endpoint.key = Some("secret".to_owned());
    endpoint.protocol = Protocol::Anthropic;
    endpoint.authorization = Authorization::Header("x-api-key");
    let expected = [
        "anthropic-version=2023-06-01",
        "x-api-key=secret",
        "x-title=t",
    ];
    assert_eq!(headers(&endpoint), expected);
    assert!(!format!("{endpoint:?}").contains("secret"));
}

#[test]
fn openai_gets_calls_with_what_it_sent() {
    let messages = conversation(
        &json!({"extra_content": {"s": 1}, "function": {"p": 2}}),
        &json!({"reasoning_details": [3]}),
    );
    let body = body(Protocol::OpenAi, &messages, &tools(), &Options::default());
    let call = json!({
        "id": "a", "type": "function", "extra_content": {"s": 1},
        "function": {"name": "f", "arguments": "{\"x\":1}", "p": 2},
    });
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "S"},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Wait.", "tool_calls": [call], "reasoning_details": [3]},
            {"role": "tool", "tool_call_id": "a", "content": "error: no"},
        ])
    );
    let function = json!({"name": "f", "description": "d", "parameters": {"type": "object"}});
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "function": function}])
    );
}

#[test]
fn anthropic_gets_thinking_at_its_place() {
    let thinking = json!({"type": "thinking", "thinking": "Hm", "signature": "s"});
    let blocks = json!({"blocks": [{"before": 0, "block": thinking}]});
    let messages = conversation(&json!({}), &blocks);
    let body = body(
        Protocol::Anthropic,
        &messages,
        &tools(),
        &Options::default(),
    );
    let text = json!({"type": "text", "text": "Wait."});
    let call = json!({"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}});
    let result = json!({
        "type": "tool_result", "tool_use_id": "a", "content": "no", "is_error": true,
    });
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [thinking, text, call]},
            {"role": "user", "content": [result]},
        ])
    );
    assert_eq!(body["system"], "S");
    let tool = json!({"name": "f", "description": "d", "input_schema": {"type": "object"}});
    assert_eq!(body["tools"], json!([tool]));
}

#[test]
fn gemini_gets_its_signatures_and_ids() {
    let extra = json!({"thoughtSignature": "s", "functionCall": {"id": "g"}});
    let messages = conversation(&extra, &json!({"thoughtSignature": "t"}));
    let body = body(Protocol::Gemini, &messages, &tools(), &Options::default());
    let call = json!({"name": "f", "args": {"x": 1}, "id": "g"});
    let response = json!({"id": "g", "name": "f", "response": {"error": "no"}});
    assert_eq!(
        body["contents"],
        json!([
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [
                {"text": "Wait.", "thoughtSignature": "t"},
                {"functionCall": call, "thoughtSignature": "s"},
            ]},
            {"role": "user", "parts": [{"functionResponse": response}]},
        ])
    );
    assert_eq!(body["systemInstruction"], json!({"parts": [{"text": "S"}]}));
    let tool = json!({"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}});
    assert_eq!(body["tools"], json!([{"functionDeclarations": [tool]}]));
}

#[test]
fn ollama_gets_arguments_as_an_object() {
    let messages = conversation(&json!({}), &json!({}));
    let body = body(Protocol::Ollama, &messages, &tools(), &Options::default());
    let call = json!({"function": {"name": "f", "arguments": {"x": 1}}});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "S"},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Wait.", "tool_calls": [call]},
            {"role": "tool", "tool_name": "f", "content": "error: no"},
        ])
    );
}
