//! The names of the built-in actions.

/// Answers a message.
pub const RESPOND: &str = "respond";
/// Calls a tool.
pub const TOOL: &str = "tool";
/// Decides what an agent with a mind does next.
pub const ACT: &str = "act";
/// Summarises the memory of an agent with a mind.
pub const SUMMARISE: &str = "summarise";
/// Finds a title for a chat.
pub const TITLE: &str = "title";
