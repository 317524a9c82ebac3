//! MCP servers: which may be used, the connections to them, and the results of their tools.
//!
//! Start with [`ConnectionPool`] (which connections exist, and for how long), then `connection.rs`
//! (what is sent over one).

mod allowlist;
mod child_process;
mod connection;
mod error;
mod http_clients;
mod listed_tool;
mod notifications;
mod pool;
mod pool_entry;
mod requests;
mod secrets;
mod tool_result;

pub(crate) use listed_tool::ListedTool;
pub(crate) use pool::ConnectionPool;
pub(crate) use requests::serve_requests;
pub(crate) use tool_result::failed_result;
