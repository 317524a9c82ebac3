//! A tool as its MCP server describes it.

use rmcp::model::Tool;
use serde_json::Value;

/// The maximum size of a schema, as JSON: a larger one takes too much of a model's context.
const SCHEMA_BYTES_MAX: usize = 32 << 10;

/// A tool as its MCP server describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListedTool {
    /// Its name on the server.
    pub(crate) name: String,
    pub(crate) description: String,
    /// The JSON Schema of its arguments.
    pub(crate) schema: Value,
    /// Whether the server declares that it changes nothing.
    pub(crate) reads_only: bool,
    /// Whether the server declares that it is idempotent.
    pub(crate) repeatable: bool,
}

impl ListedTool {
    /// Converts a tool; `None` when its schema is too large.
    pub(super) fn from_mcp(tool: Tool) -> Option<Self> {
        let schema = Value::Object((*tool.input_schema).clone());
        if schema.to_string().len() > SCHEMA_BYTES_MAX {
            return None;
        }
        let hints = tool.annotations.unwrap_or_default();
        let reads_only = hints.read_only_hint.unwrap_or_default();
        Some(Self {
            name: tool.name.into_owned(),
            description: tool.description.unwrap_or_default().into_owned(),
            schema,
            reads_only,
            repeatable: reads_only || hints.idempotent_hint.unwrap_or_default(),
        })
    }
}
