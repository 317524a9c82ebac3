//! The tools of a server.

use std::sync::Arc;

use rmcp::ServiceError;
use rmcp::model::{ErrorCode, PaginatedRequestParams, Tool};
use serde_json::Value;
use tracing::warn;

use super::Connection;
use crate::mcp::error::Error;

/// Tools of one server that a model is given: more are a mistake, and no model could choose.
const TOOLS_MAX: usize = 128;
/// Pages of tools that are asked for: a server could go on for ever.
const PAGES_MAX: usize = 16;
/// A schema of a tool that is larger, as JSON, would take the model's whole attention.
const SCHEMA_BYTES_MAX: usize = 32 << 10;

/// A tool, as its server describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    /// Its own name.
    pub(crate) name: String,
    pub(crate) description: String,
    /// The JSON schema of its arguments.
    pub(crate) schema: Value,
    /// Whether it changes nothing, by its own word.
    pub(crate) reads_only: bool,
    /// Whether running it twice changes no more than running it once, by its own word.
    pub(crate) repeatable: bool,
}

impl Connection {
    /// The tools of the server, whose name here is for the logs.
    pub(crate) async fn tools(&self, server: &str) -> Result<Arc<[Listed]>, Error> {
        let mut kept = self.tools.lock().await;
        if self.handler.tools_changed() {
            *kept = None;
        }
        if let Some(tools) = &*kept {
            return Ok(tools.clone());
        }
        let tools: Arc<[Listed]> = self.list(server).await?.into();
        *kept = Some(tools.clone());
        Ok(tools)
    }

    async fn list(&self, server: &str) -> Result<Vec<Listed>, Error> {
        let mut tools = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let page = match self.peer.list_tools(Some(params)).await {
                Ok(page) => page,
                // A server may have resources only.
                Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                    return Ok(tools);
                }
                Err(error) => return Err(self.failed(&error)),
            };
            let of_page = page.tools.len();
            let fitting = page.tools.into_iter().filter_map(listed);
            let before = tools.len();
            tools.extend(fitting);
            if tools.len() - before < of_page {
                warn!(mcp.server = server, "tools with large schemas are left out");
            }
            if tools.len() > TOOLS_MAX {
                tools.truncate(TOOLS_MAX);
                warn!(mcp.server = server, "further tools are left out");
                return Ok(tools);
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(tools)
    }
}

fn listed(tool: Tool) -> Option<Listed> {
    let schema = Value::Object((*tool.input_schema).clone());
    if schema.to_string().len() > SCHEMA_BYTES_MAX {
        return None;
    }
    let hints = tool.annotations.unwrap_or_default();
    let reads_only = hints.read_only_hint.unwrap_or_default();
    Some(Listed {
        name: tool.name.into_owned(),
        description: tool.description.unwrap_or_default().into_owned(),
        schema,
        reads_only,
        repeatable: reads_only || hints.idempotent_hint.unwrap_or_default(),
    })
}
