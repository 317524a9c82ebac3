//! Anthropic's messages.

mod block;
mod decode;
mod request;

pub(super) use decode::AnthropicDecoder;
pub(super) use request::{VERSION, write_body};
