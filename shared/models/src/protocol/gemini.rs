//! Gemini's `generateContent` and `streamGenerateContent`.

mod decode;
mod request;

pub(super) use decode::GeminiDecoder;
pub(super) use request::{path, write_body};
