//! Lists the tools of a server.

use std::sync::Arc;

use rmcp::ServiceError;
use rmcp::model::{ErrorCode, PaginatedRequestParams};
use tracing::warn;

use super::lifecycle::Connection;
use crate::mcp::error::Error;
use crate::mcp::listed_tool::ListedTool;

/// The maximum number of tools of one server: no model can choose among more.
const TOOLS_MAX: usize = 128;
/// The maximum number of pages that are requested: a server could return a cursor for ever.
const PAGES_MAX: usize = 16;

impl Connection {
    /// The tools of the server, from the cache unless they have changed. `server` is its name, for
    /// the log.
    pub(in crate::mcp) async fn tools(&self, server: &str) -> Result<Arc<[ListedTool]>, Error> {
        let mut cached = self.tools.lock().await;
        if self.notifications.take_tools_changed() {
            *cached = None;
        }
        if let Some(tools) = &*cached {
            return Ok(tools.clone());
        }
        let tools: Arc<[ListedTool]> = self.list_tools(server).await?.into();
        *cached = Some(tools.clone());
        Ok(tools)
    }

    async fn list_tools(&self, server: &str) -> Result<Vec<ListedTool>, Error> {
        let mut tools = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let params = PaginatedRequestParams::default().with_cursor(cursor);
            let page = match self.peer.list_tools(Some(params)).await {
                Ok(page) => page,
                // The server has resources, and no tools.
                Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                    return Ok(tools);
                }
                Err(error) => return Err(self.request_error(&error)),
            };
            let listed = page.tools.len();
            let before = tools.len();
            tools.extend(page.tools.into_iter().filter_map(ListedTool::from_mcp));
            if tools.len() - before < listed {
                warn!(mcp.server = server, "tools with large schemas are omitted");
            }
            if tools.len() > TOOLS_MAX {
                tools.truncate(TOOLS_MAX);
                warn!(mcp.server = server, "too many tools, the last are omitted");
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
