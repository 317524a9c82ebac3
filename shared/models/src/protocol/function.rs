//! What OpenAI's protocol and Ollama's write alike of functions.

use serde_json::{Value, json};

use crate::request::{Tool, ToolResult};

pub(super) fn write_tool(tool: &Tool) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
    }})
}

/// The text of a result: these protocols have no field for failures.
pub(super) fn result_text(result: &ToolResult) -> String {
    match result.failed {
        true => format!("error: {}", result.text),
        false => result.text.clone(),
    }
}
