//! A resolved destination.

use contract::brain::Provider;
use manyworlds_sdk::Error;
use models::{Authorization, Endpoint, Protocol};
use reqwest::Url;

use crate::secret::Secret;

/// The host of OpenAI itself.
const OPENAI_HOST: &str = "api.openai.com";

/// Where a model request is sent, and with which key.
#[derive(Debug)]
pub(in crate::brain::llm) struct Destination {
    pub(in crate::brain::llm) endpoint: Endpoint,
    pub(in crate::brain::llm) key: Option<Secret>,
    pub(in crate::brain::llm) is_loopback: bool,
    /// OpenAI and Azure reject `max_tokens` for their newer models; other servers do not know its
    /// replacement.
    pub(in crate::brain::llm) max_completion_tokens: bool,
}

impl Destination {
    pub(super) fn new(
        provider: Provider,
        protocol: Protocol,
        base_url: Url,
        query: Option<String>,
        key: Option<Secret>,
        is_loopback: bool,
    ) -> Self {
        let authorization = match (provider, protocol) {
            (Provider::Azure, _) => Authorization::Header("api-key"),
            (_, Protocol::Anthropic) => Authorization::Header("x-api-key"),
            (_, Protocol::Gemini) => Authorization::Header("x-goog-api-key"),
            (_, Protocol::OpenAi | Protocol::Ollama) => Authorization::Bearer,
        };
        let is_openai = provider == Provider::Openai && base_url.host_str() == Some(OPENAI_HOST);
        Self {
            endpoint: Endpoint {
                protocol,
                base_url,
                query,
                key: key.as_ref().map(|key| key.expose().to_owned()),
                authorization,
            },
            key,
            is_loopback,
            max_completion_tokens: is_openai || provider == Provider::Azure,
        }
    }

    pub(in crate::brain::llm) fn host(&self) -> &str {
        self.endpoint.base_url.host_str().unwrap_or_default()
    }
}

/// The error of an address that is not allowed.
pub(super) fn not_allowed(reason: String) -> Error {
    Error::failed("endpoint_not_allowed", reason)
}
