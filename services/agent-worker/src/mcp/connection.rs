//! A connection to an MCP server, and the requests over it.

mod call_tool;
mod lifecycle;
mod list_tools;
mod read_resource;

pub(super) use lifecycle::Connection;
