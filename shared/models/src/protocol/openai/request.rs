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
    let mut body = object(json!({"model": request.model, "messages": messages}));
    if !request.tools.is_empty() {
        body.insert(
            "tools".into(),
            request.tools.iter().map(write_tool).collect(),
        );
    }
    write_options(request.options, &mut body);
    if request.is_streamed {
        body.insert("stream".into(), json!(true));
        if !request.options.no_stream_options {
            body.insert("stream_options".into(), json!({"include_usage": true}));
        }
    }
    body
}

fn write_options(options: &Options, body: &mut Map<String, Value>) {
    if let Some(temperature) = options.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(tokens) = options.tokens_max {
        let name = match options.max_completion_tokens {
            true => "max_completion_tokens",
            false => "max_tokens",
        };
        body.insert(name.into(), json!(tokens));
    }
    if let Some(effort) = &options.reasoning_effort {
        body.insert("reasoning_effort".into(), json!(effort));
    }
}

fn write_message(message: &Message, messages: &mut Vec<Value>) {
    match message {
        Message::User(text) => messages.push(json!({"role": "user", "content": text})),
        Message::Assistant { text, calls, extra } => {
            messages.push(write_assistant(text, calls, extra));
        }
        Message::ToolResults(results) => messages.extend(results.iter().map(write_result)),
    }
}

fn write_assistant(text: &str, calls: &[SentCall], extra: &Map<String, Value>) -> Value {
    let content = (!text.is_empty() || calls.is_empty()).then_some(text);
    let mut message = object(json!({"role": "assistant", "content": content}));
    if !calls.is_empty() {
        message.insert("tool_calls".into(), calls.iter().map(write_call).collect());
    }
    merge(&mut message, extra);
    Value::Object(message)
}

fn write_call(call: &SentCall) -> Value {
    let mut written = object(json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.get()},
    }));
    merge(&mut written, &call.extra);
    Value::Object(written)
}

fn write_result(result: &ToolResult) -> Value {
    json!({"role": "tool", "tool_call_id": result.id, "content": result_text(result)})
}
