//! Where a model request may be sent, and with which key.
//!
//! The author of a world chooses `base_url`. A key is sent to the default address of its provider, or
//! to an address that the worker's configuration lists with it, and to no other.

use anyhow::Context as _;
use contract::brain::{Llm, Provider};
use genai::adapter::AdapterKind;
use genai::resolver::{AuthData, Endpoint as Target};
use genai::{ModelIden, ServiceTarget};
use reqwest::Url;
use sdk::Error;

use crate::config::{Endpoint, LlmConfig, UnlistedEndpoints};
use crate::http::{is_loopback, parse_base_url};
use crate::secret::Secret;

/// Sent when there is no key: some servers require the header, with any value.
const NO_KEY: &str = "none";

/// Where a model request is sent, and with which key.
#[derive(Debug)]
pub(super) struct Destination {
    url: Url,
    adapter: AdapterKind,
    pub(super) key: Option<Secret>,
    pub(super) is_loopback: bool,
}

impl Destination {
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Converts it for `genai`, which looks up no addresses and keys of its own for a complete target.
    pub(super) fn target(&self, model: &str) -> ServiceTarget {
        let key = self.key.as_ref().map_or(NO_KEY, Secret::expose);
        ServiceTarget {
            endpoint: Target::from_owned(self.url.as_str()),
            auth: AuthData::from_single(key),
            model: ModelIden::new(self.adapter, model),
        }
    }
}

/// An address of the configuration, and its key.
struct ListedEndpoint {
    url: Url,
    key: Option<Secret>,
}

/// The addresses to which this worker may send model requests.
pub(super) struct Endpoints {
    listed: Vec<ListedEndpoint>,
    unlisted: UnlistedEndpoints,
}

impl Endpoints {
    /// # Errors
    /// When an address is invalid, or its key is not set.
    pub(super) fn new(config: &LlmConfig) -> anyhow::Result<Self> {
        let listed = |endpoint: &Endpoint| {
            let url = parse_base_url(&endpoint.base_url)
                .with_context(|| format!("llm.endpoints: {}", endpoint.base_url))?;
            let key = match &endpoint.key_variable {
                None => None,
                Some(variable) => Some(
                    Secret::from_variable(variable)
                        .with_context(|| format!("llm.endpoints: {variable} is not set"))?,
                ),
            };
            anyhow::Ok(ListedEndpoint { url, key })
        };
        Ok(Self {
            listed: config
                .endpoints
                .iter()
                .map(listed)
                .collect::<Result<_, _>>()?,
            unlisted: config.unlisted,
        })
    }

    /// The destination of requests to this model.
    ///
    /// # Errors
    /// When the address is not allowed, or its key is not set.
    pub(super) fn resolve(&self, llm: &Llm) -> Result<Destination, Error> {
        check_model(&llm.model)?;
        let default = provider_default(llm.provider);
        let url = llm.base_url.as_deref().unwrap_or(default.url);
        let url = parse_base_url(url).map_err(|error| {
            Error::failed("endpoint_not_allowed", format!("the base URL {error}"))
        })?;
        let listed = self.listed.iter().find(|listed| listed.url == url);
        let is_default = parse_base_url(default.url).is_ok_and(|default| default == url);
        let is_loopback = is_loopback(&url);
        let key = match (listed, default.key_variable) {
            (Some(listed), _) => listed.key.clone(),
            (None, Some(variable)) if is_default => {
                Some(Secret::from_variable(variable).ok_or_else(|| {
                    Error::failed(
                        "model_key_missing",
                        format!("{variable} is not set on the worker"),
                    )
                })?)
            }
            (None, None) if is_default => None,
            (None, _) => {
                self.check_unlisted(&url, is_loopback)?;
                None
            }
        };
        Ok(Destination {
            url,
            adapter: default.adapter,
            key,
            is_loopback,
        })
    }

    fn check_unlisted(&self, url: &Url, is_loopback: bool) -> Result<(), Error> {
        let allowed = match self.unlisted {
            UnlistedEndpoints::Refuse => false,
            UnlistedEndpoints::Loopback => is_loopback,
            UnlistedEndpoints::Any => true,
        };
        if allowed {
            return Ok(());
        }
        let reason = format!("{url} is not in llm.endpoints of the worker's configuration");
        Err(Error::failed("endpoint_not_allowed", reason))
    }
}

/// The default address of a provider, and the variable of its key.
struct ProviderDefault {
    adapter: AdapterKind,
    url: &'static str,
    key_variable: Option<&'static str>,
}

/// The addresses and variables are those of the providers' own clients.
fn provider_default(provider: Provider) -> ProviderDefault {
    let (adapter, url, key_variable) = match provider {
        Provider::Openai => (
            AdapterKind::OpenAI,
            "https://api.openai.com/v1/",
            Some("OPENAI_API_KEY"),
        ),
        Provider::Anthropic => (
            AdapterKind::Anthropic,
            "https://api.anthropic.com/v1/",
            Some("ANTHROPIC_API_KEY"),
        ),
        Provider::Gemini => (
            AdapterKind::Gemini,
            "https://generativelanguage.googleapis.com/v1beta/",
            Some("GEMINI_API_KEY"),
        ),
        Provider::Ollama => (AdapterKind::Ollama, "http://localhost:11434/", None),
    };
    ProviderDefault {
        adapter,
        url,
        key_variable,
    }
}

/// Checks the name of a model: it is part of the request path of some providers.
fn check_model(model: &str) -> Result<(), Error> {
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/@+".contains(letter);
    if !model.is_empty() && model.chars().all(is_safe) && !model.contains("..") {
        return Ok(());
    }
    let reason = format!("{model:?} is not a valid name of a model");
    Err(Error::failed("model_refused", reason))
}

#[cfg(test)]
mod tests;
