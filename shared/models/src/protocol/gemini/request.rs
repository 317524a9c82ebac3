//! Writes requests.

use serde_json::{Map, Value, json};

use crate::objects::{merge, object};
use crate::request::{Message, Options, Request, SentCall, Tool, ToolResult};

/// The path of a model: a name without a collection is one of `models`.
pub(in crate::protocol) fn path(model: &str, is_streamed: bool) -> String {
    let collection = if model.contains('/') { "" } else { "models/" };
    let method = match is_streamed {
        true => "streamGenerateContent",
        false => "generateContent",
    };
    format!("{collection}{model}:{method}")
}

pub(in crate::protocol) fn write_body(request: &Request<'_>) -> Map<String, Value> {
    let contents: Vec<Value> = request.messages.iter().map(write_message).collect();
    let mut body = object(json!({"contents": contents}));
    if !request.system.is_empty() {
        let instruction = json!({"parts": [{"text": request.system}]});
        body.insert("systemInstruction".into(), instruction);
    }
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(write_tool).collect();
        body.insert("tools".into(), json!([{"functionDeclarations": tools}]));
    }
    let config = write_config(request.options);
    if !config.is_empty() {
        body.insert("generationConfig".into(), Value::Object(config));
    }
    body
}

fn write_config(options: &Options) -> Map<String, Value> {
    let mut config = Map::new();
    if let Some(temperature) = options.temperature {
        config.insert("temperature".into(), json!(temperature));
    }
    if let Some(tokens) = options.tokens_max {
        config.insert("maxOutputTokens".into(), json!(tokens));
    }
    if let Some(effort) = &options.reasoning_effort {
        config.insert("thinkingConfig".into(), json!({"thinkingLevel": effort}));
    }
    config
}

fn write_message(message: &Message) -> Value {
    match message {
        Message::User(text) => json!({"role": "user", "parts": [{"text": text}]}),
        Message::Assistant { text, calls, extra } => {
            let mut parts = Vec::new();
            if !text.is_empty() || !extra.is_empty() {
                let mut part = object(json!({"text": text}));
                merge(&mut part, extra);
                parts.push(Value::Object(part));
            }
            parts.extend(calls.iter().map(write_call));
            json!({"role": "model", "parts": parts})
        }
        Message::ToolResults(results) => {
            let parts: Vec<Value> = results.iter().map(write_result).collect();
            json!({"role": "user", "parts": parts})
        }
    }
}

fn write_call(call: &SentCall) -> Value {
    let args: Value = serde_json::from_str(call.arguments.get()).unwrap_or_default();
    let mut part = object(json!({"functionCall": {"name": call.name, "args": args}}));
    merge(&mut part, &call.extra);
    Value::Object(part)
}

/// A response has the id of its call, when Gemini gave it one.
fn write_result(result: &ToolResult) -> Value {
    let key = if result.failed { "error" } else { "output" };
    let mut response = object(json!({"name": result.name, "response": {key: result.text}}));
    let id = result
        .extra
        .get("functionCall")
        .and_then(|call| call.get("id"));
    if let Some(id) = id {
        response.insert("id".into(), id.clone());
    }
    json!({"functionResponse": response})
}

fn write_tool(tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "description": tool.description,
        "parametersJsonSchema": tool.schema,
    })
}
