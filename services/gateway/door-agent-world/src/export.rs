//! A world as a Markdown document: its configuration, its agents, and the messages of its open chat.
//!
//! The messages come from the archive page by page, while the client reads: a chat of any length fits.
//! Tool calls are in the events of the chat, which are read beside them.

mod document;
mod exported_world;
pub(crate) mod handler;
mod markdown;
