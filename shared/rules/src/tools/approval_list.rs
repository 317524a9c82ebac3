//! The calls that a person decides whatever an agent may do alone: a variable of the world lists them.

use std::collections::BTreeMap;

use contract::tool::{Tool, ToolCall};
use serde::Deserialize;
use serde_json::Value;

/// A variable of a world by which its people list calls, as a JSON array of names of tools, or of
/// `{"tool": "shell_cmd", "arguments": {"command": "rm"}}` for calls with these arguments.
pub(super) const VARIABLE: &str = "tool_approval";

#[derive(Deserialize)]
#[serde(untagged)]
enum ListedCall {
    Any(String),
    With(CallWith),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallWith {
    tool: String,
    #[serde(default)]
    arguments: BTreeMap<String, Value>,
}

/// Whether the value of the variable lists a call. One that can't be read lists all: a mistyped list must not let
/// anything happen alone.
pub(super) fn lists(variable: &str, call: &ToolCall) -> bool {
    match serde_json::from_str::<Vec<ListedCall>>(variable) {
        Ok(calls) => calls.iter().any(|listed| listed.matches(call)),
        Err(_) => true,
    }
}

impl ListedCall {
    fn matches(&self, call: &ToolCall) -> bool {
        match self {
            Self::Any(tool) => is_named(call, tool),
            Self::With(CallWith { tool, arguments }) => {
                is_named(call, tool) && has_arguments(call, arguments)
            }
        }
    }
}

/// Whether a call is of a tool: by the name that the model uses, or by the tool's own.
fn is_named(call: &ToolCall, name: &str) -> bool {
    call.name == name || matches!(&call.tool, Some(Tool::Mcp { tool, .. }) if tool == name)
}

fn has_arguments(call: &ToolCall, listed: &BTreeMap<String, Value>) -> bool {
    let arguments: BTreeMap<String, Value> =
        serde_json::from_str(call.arguments.get()).unwrap_or_default();
    let mut listed = listed.iter();
    listed.all(|(name, value)| arguments.get(name) == Some(value))
}
