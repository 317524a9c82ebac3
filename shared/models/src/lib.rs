//! The wire protocols of language models: OpenAI-compatible chat completions, Anthropic messages,
//! Gemini, and Ollama.
//!
//! It owns how a request is written, how a response is read, in whatever pieces it comes, and what of it
//! is the text, the reasoning and the tool calls. It does not know worlds, retries, or where keys come
//! from, and it changes nothing that a model wrote: a tool call whose arguments can't be known is marked
//! as such, and never completed.
//!
//! Start with `client.rs` and `response.rs`. A response is bytes, which become frames (`framing.rs`),
//! which become deltas (`protocol.rs`, one decoder per protocol), which become a completion
//! (`assembler.rs`, one for all protocols).

mod assembler;
mod client;
mod completion;
mod delta;
mod endpoint;
mod error;
mod framing;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod json;
mod objects;
mod piece;
mod protocol;
mod reader;
mod request;
mod response;
mod retry_after;
mod update;

pub use client::Client;
pub use completion::{Arguments, Call, Completion, Finish, Usage};
pub use endpoint::{Authorization, Endpoint, Protocol};
pub use error::{Error, ErrorKind, Retry};
pub use request::{Message, Options, Request, SentCall, Tool, ToolResult};
pub use response::Response;
pub use update::Update;
