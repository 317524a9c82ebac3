//! Where a model request may be sent, and with which key.
//!
//! The author of a world chooses `base_url`. A key is sent to the address of its provider, or to an address
//! that the worker's configuration lists with it, and to no other.

mod azure;
mod destination;
mod listed;
mod model_name;
mod provider;
mod providers;

pub(super) use destination::Destination;
pub(super) use provider::provider_name;

use contract::brain::{Llm, Provider};
use manyworlds_sdk::Error;
use models::Protocol;
use reqwest::Url;

use azure::azure_request;
use destination::not_allowed;
use listed::Listed;
use model_name::check_model;
use providers::Providers;

use crate::config::LlmConfig;
use crate::environment::variable;
use crate::http::{is_loopback, parse_base_url};

/// The addresses to which this worker may send model requests.
pub(super) struct Endpoints {
    listed: Listed,
    providers: Providers,
}

impl Endpoints {
    /// # Errors
    /// When an address is invalid, or its key is not set.
    pub(super) fn new(config: &LlmConfig) -> anyhow::Result<Self> {
        Self::with_environment(config, variable)
    }

    fn with_environment(
        config: &LlmConfig,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            listed: Listed::new(config)?,
            providers: Providers::new(&config.addresses, variable)?,
        })
    }

    /// The destination of requests to this model.
    ///
    /// # Errors
    /// When there is no address, it is not allowed, or its key is not set.
    pub(super) fn resolve(&self, llm: &Llm) -> Result<Destination, Error> {
        check_model(llm.provider, &llm.model)?;
        let provider = self.providers.get(llm.provider)?;
        let url = match &llm.base_url {
            Some(text) => parse_base_url(text)
                .map_err(|error| not_allowed(format!("the base URL {error}")))?,
            None => provider.address()?,
        };
        let key = match self.listed.find(&url) {
            Some(listed) => listed.key.clone(),
            None if provider.is_at(&url) => provider.key()?,
            None => {
                self.listed.check_unlisted(&url)?;
                None
            }
        };
        let is_loopback = is_loopback(&url);
        let (protocol, url, query) = self.target(llm, url);
        Ok(Destination::new(
            llm.provider,
            protocol,
            url,
            query,
            key,
            is_loopback,
        ))
    }

    /// The protocol of an address, and the address of its requests.
    fn target(&self, llm: &Llm, url: Url) -> (Protocol, Url, Option<String>) {
        match llm.provider {
            Provider::Openai | Provider::OpenaiCompatible | Provider::Xai => {
                (Protocol::OpenAi, url, None)
            }
            Provider::Anthropic => (Protocol::Anthropic, url, None),
            Provider::Gemini => (Protocol::Gemini, url, None),
            // Its address is often written with the path of one of its protocols.
            Provider::Ollama if url.path().ends_with("/v1/") => (Protocol::OpenAi, url, None),
            Provider::Ollama => {
                let mut url = url;
                if let Some(path) = url.path().strip_suffix("api/") {
                    let path = path.to_owned();
                    url.set_path(&path);
                }
                (Protocol::Ollama, url, None)
            }
            Provider::Azure => {
                let (url, query) = azure_request(self.providers.azure(), url, &llm.model);
                (Protocol::OpenAi, url, query)
            }
        }
    }
}

#[cfg(test)]
mod tests;
