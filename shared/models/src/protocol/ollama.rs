//! Ollama's `/api/chat`.

mod decode;
mod request;

pub(super) use decode::OllamaDecoder;
pub(super) use request::write_body;
