//! Writes requests.

use serde_json::{Map, Value, json};

use super::block::{BLOCKS, block_position};
use crate::objects::{merge, object};
use crate::request::{Message, Options, Request, SentCall, Tool, ToolResult};

/// The version of the protocol (source: Anthropic's API reference, "Versions").
pub(in crate::protocol) const VERSION: &str = "2023-06-01";
/// The protocol requires a maximum of tokens. All models of 2025 and later accept this one.
const TOKENS_MAX: u32 = 8192;

pub(in crate::protocol) fn write_body(request: &Request<'_>) -> Map<String, Value> {
    let Options {
        temperature,
        tokens_max,
        reasoning_effort,
        ..
    } = request.options;
    let messages: Vec<Value> = request.messages.iter().map(write_message).collect();
    let mut body = object(json!({
        "model": request.model,
        "messages": messages,
        "max_tokens": tokens_max.unwrap_or(TOKENS_MAX),
    }));
    if !request.system.is_empty() {
        body.insert("system".into(), json!(request.system));
    }
    if !request.tools.is_empty() {
        body.insert(
            "tools".into(),
            request.tools.iter().map(write_tool).collect(),
        );
    }
    if let Some(temperature) = temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(effort) = reasoning_effort {
        body.insert("output_config".into(), json!({"effort": effort}));
    }
    if request.is_streamed {
        body.insert("stream".into(), json!(true));
    }
    body
}

fn write_message(message: &Message) -> Value {
    match message {
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant { text, calls, extra } => {
            json!({"role": "assistant", "content": write_assistant(text, calls, extra)})
        }
        Message::ToolResults(results) => {
            let results: Vec<Value> = results.iter().map(write_result).collect();
            json!({"role": "user", "content": results})
        }
    }
}

/// The blocks that were received come back at their places between the calls.
fn write_assistant(text: &str, calls: &[SentCall], extra: &Map<String, Value>) -> Vec<Value> {
    let blocks = extra.get(BLOCKS).and_then(Value::as_array);
    let blocks: Vec<(usize, &Value)> = blocks
        .into_iter()
        .flatten()
        .filter_map(block_position)
        .collect();
    let mut content = Vec::new();
    for position in 0..=calls.len() {
        let here = blocks.iter().filter(|(before, _)| *before == position);
        content.extend(here.map(|(_, block)| (*block).clone()));
        // An empty text is rejected.
        if position == 0 && !text.trim().is_empty() {
            content.push(json!({"type": "text", "text": text}));
        }
        content.extend(calls.get(position).map(write_call));
    }
    content
}

fn write_call(call: &SentCall) -> Value {
    let input: Value = serde_json::from_str(call.arguments.get()).unwrap_or_default();
    let mut block = object(json!({
        "type": "tool_use",
        "id": call.id,
        "name": call.name,
        "input": input,
    }));
    merge(&mut block, &call.extra);
    Value::Object(block)
}

fn write_result(result: &ToolResult) -> Value {
    let mut block = object(json!({
        "type": "tool_result",
        "tool_use_id": result.id,
        "content": result.text,
    }));
    if result.failed {
        block.insert("is_error".into(), json!(true));
    }
    Value::Object(block)
}

fn write_tool(tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.schema,
    })
}
