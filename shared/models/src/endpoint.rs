//! Where requests are sent.

use std::fmt;

use reqwest::Url;

/// The wire protocol of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// OpenAI's chat completions.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
    /// Ollama's `/api/chat`.
    Ollama,
}

/// Where requests are sent, and with which key.
#[derive(Clone)]
pub struct Endpoint {
    /// The wire protocol.
    pub protocol: Protocol,
    /// The address, with a slash at its end. The path of the protocol is appended.
    pub base_url: Url,
    /// A query that every request has, as Azure's `api-version=...`.
    pub query: Option<String>,
    /// The key.
    pub key: Option<String>,
    /// The header that the key is in.
    pub authorization: Authorization,
}

/// The header that a key is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorization {
    /// `Authorization: Bearer`.
    Bearer,
    /// A header of this name, as `x-api-key`.
    Header(&'static str),
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the key.
        f.debug_struct("Endpoint")
            .field("protocol", &self.protocol)
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}
