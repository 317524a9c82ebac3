//! A provider: its address and its key.

use contract::brain::Provider;
use manyworlds_sdk::Error;
use reqwest::Url;

use crate::secret::Secret;

/// A provider: its address and its key, as this worker has them.
pub(super) struct ProviderEndpoint {
    pub(super) provider: Provider,
    pub(super) url: Option<Url>,
    /// The variables of the address and of the key: the first that is set counts.
    pub(super) url_variables: &'static [&'static str],
    pub(super) key_variables: &'static [&'static str],
    pub(super) key: Option<Secret>,
    pub(super) needs_key: bool,
}

impl ProviderEndpoint {
    pub(super) fn address(&self) -> Result<Url, Error> {
        self.url.clone().ok_or_else(|| {
            let (name, variable) = (provider_name(self.provider), self.url_variables.join(" or "));
            let reason = format!(
                "the provider {name} has no address: the agent has no base_url, and {variable} is not \
                 set on the worker"
            );
            Error::failed("endpoint_missing", reason)
        })
    }

    pub(super) fn is_at(&self, url: &Url) -> bool {
        self.url.as_ref() == Some(url)
    }

    pub(super) fn key(&self) -> Result<Option<Secret>, Error> {
        if self.key.is_none() && self.needs_key {
            let variable = self.key_variables.join(" or ");
            let reason = format!("{variable} is not set on the worker");
            return Err(Error::failed("model_key_missing", reason));
        }
        Ok(self.key.clone())
    }
}

/// The names of OpenTelemetry's conventions for generative AI, as far as they have one.
pub(in crate::brain::llm) fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "openai",
        Provider::OpenaiCompatible => "openai_compatible",
        Provider::Anthropic => "anthropic",
        Provider::Gemini => "gcp.gemini",
        Provider::Ollama => "ollama",
        Provider::Azure => "azure.ai.openai",
        Provider::Xai => "x_ai",
    }
}
