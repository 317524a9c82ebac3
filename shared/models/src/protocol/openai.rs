//! OpenAI's chat completions, and what compatible servers make of them.

mod call;
mod content;
mod decode;
mod extra;
mod request;

pub(super) use decode::OpenAiDecoder;
pub(super) use request::write_body;
