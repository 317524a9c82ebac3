//! Writes requests.

use serde_json::{Map, Value, json};

use crate::objects::{merge, object};
use crate::protocol::function::{result_text, write_tool};
use crate::request::{Message, Options, Request, SentCall, ToolResult};

pub(in crate::protocol) fn write_body(request: &Request<'_>) -> Map<String, Value> {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    for message in request.messages {
        write_message(message, &mut messages);
    }
    // Ollama streams unless it must not.
    let mut body = object(json!({
        "model": request.model,
        "messages": messages,
        "stream": request.is_streamed,
    }));
    if !request.tools.is_empty() {
        body.insert(
            "tools".into(),
            request.tools.iter().map(write_tool).collect(),
        );
    }
    let options = write_options(request.options);
    if !options.is_empty() {
        body.insert("options".into(), Value::Object(options));
    }
    if let Some(effort) = &request.options.reasoning_effort {
        let think = match effort.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            level => json!(level),
        };
        body.insert("think".into(), think);
    }
    body
}

fn write_options(options: &Options) -> Map<String, Value> {
    let mut written = Map::new();
    if let Some(temperature) = options.temperature {
        written.insert("temperature".into(), json!(temperature));
    }
    if let Some(tokens) = options.tokens_max {
        written.insert("num_predict".into(), json!(tokens));
    }
    written
}

fn write_message(message: &Message, messages: &mut Vec<Value>) {
    match message {
        Message::User(text) => messages.push(json!({"role": "user", "content": text})),
        Message::Assistant { text, calls, extra } => {
            let mut written = object(json!({"role": "assistant", "content": text}));
            if !calls.is_empty() {
                written.insert("tool_calls".into(), calls.iter().map(write_call).collect());
            }
            merge(&mut written, extra);
            messages.push(Value::Object(written));
        }
        Message::ToolResults(results) => messages.extend(results.iter().map(write_result)),
    }
}

fn write_call(call: &SentCall) -> Value {
    let arguments: Value = serde_json::from_str(call.arguments.get()).unwrap_or_default();
    let mut written = object(json!({"function": {"name": call.name, "arguments": arguments}}));
    merge(&mut written, &call.extra);
    Value::Object(written)
}

fn write_result(result: &ToolResult) -> Value {
    json!({"role": "tool", "tool_name": result.name, "content": result_text(result)})
}
