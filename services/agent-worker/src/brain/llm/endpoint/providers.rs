//! The addresses and keys of all providers, from the configuration and the environment.

use std::collections::BTreeMap;

use anyhow::Context as _;
use contract::brain::Provider;
use manyworlds_sdk::Error;

use super::provider::{ProviderEndpoint, provider_name};
use crate::config::{Addresses, AzureAddress};
use crate::http::parse_base_url;
use crate::secret::Secret;

/// The addresses and keys of all providers.
pub(super) struct Providers {
    endpoints: BTreeMap<&'static str, ProviderEndpoint>,
    azure: AzureAddress,
}

/// What is known of a provider without any configuration. The addresses and variables are those of the
/// providers' own clients.
struct Known {
    provider: Provider,
    url: Option<&'static str>,
    url_variables: &'static [&'static str],
    key_variables: &'static [&'static str],
}

const KNOWN: [Known; 7] = [
    Known {
        provider: Provider::Openai,
        url: Some("https://api.openai.com/v1/"),
        url_variables: &["OPENAI_BASE_URL"],
        key_variables: &["OPENAI_API_KEY"],
    },
    Known {
        provider: Provider::OpenaiCompatible,
        url: None,
        url_variables: &["OPENAI_COMPATIBLE_BASE_URL"],
        key_variables: &["OPENAI_COMPATIBLE_API_KEY"],
    },
    Known {
        provider: Provider::Anthropic,
        url: Some("https://api.anthropic.com/v1/"),
        url_variables: &["ANTHROPIC_BASE_URL"],
        key_variables: &["ANTHROPIC_API_KEY"],
    },
    Known {
        provider: Provider::Gemini,
        url: Some("https://generativelanguage.googleapis.com/v1beta/"),
        url_variables: &["GEMINI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"],
        key_variables: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    },
    Known {
        provider: Provider::Ollama,
        url: Some("http://localhost:11434/"),
        url_variables: &["OLLAMA_BASE_URL"],
        key_variables: &["OLLAMA_API_KEY"],
    },
    Known {
        provider: Provider::Azure,
        url: None,
        url_variables: &["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_RESOURCE_NAME"],
        key_variables: &["AZURE_OPENAI_API_KEY"],
    },
    Known {
        provider: Provider::Xai,
        url: Some("https://api.x.ai/v1/"),
        url_variables: &["XAI_BASE_URL"],
        key_variables: &["XAI_API_KEY"],
    },
];

impl Providers {
    /// # Errors
    /// When an address is invalid.
    pub(super) fn new(
        addresses: &Addresses,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let azure = azure_address(addresses.azure.clone(), &variable);
        let endpoints = KNOWN.iter().map(|known| {
            let configured = match known.provider {
                Provider::Openai => addresses.openai.clone(),
                Provider::OpenaiCompatible => addresses.openai_compatible.clone(),
                Provider::Anthropic => addresses.anthropic.clone(),
                Provider::Gemini => addresses.gemini.clone(),
                Provider::Ollama => addresses.ollama.clone(),
                Provider::Azure => azure.endpoint.clone(),
                Provider::Xai => addresses.xai.clone(),
            };
            let endpoint = endpoint(known, configured, &variable)?;
            anyhow::Ok((provider_name(known.provider), endpoint))
        });
        Ok(Self {
            endpoints: endpoints.collect::<Result<_, _>>()?,
            azure,
        })
    }

    /// # Errors
    /// When the provider is unknown.
    pub(super) fn get(&self, provider: Provider) -> Result<&ProviderEndpoint, Error> {
        let name = provider_name(provider);
        self.endpoints.get(name).ok_or_else(|| {
            let reason = format!("the worker does not know the provider {name}");
            Error::failed("endpoint_missing", reason)
        })
    }

    pub(super) fn azure(&self) -> &AzureAddress {
        &self.azure
    }
}

fn endpoint(
    known: &Known,
    configured: Option<String>,
    variable: &impl Fn(&str) -> Option<String>,
) -> anyhow::Result<ProviderEndpoint> {
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
    let configured = match known.provider {
        // Its variables are not all addresses.
        Provider::Azure => configured,
        _ => configured.or_else(|| first(known.url_variables)),
    };
    let is_own = configured.is_none();
    let url = configured.or_else(|| known.url.map(str::to_owned));
    let url = url
        .map(|url| parse_base_url(&url).with_context(|| format!("llm.addresses: {url}")))
        .transpose()?;
    // Servers of one's own often need no key; and Ollama never does.
    let needs_key = match known.provider {
        Provider::Ollama | Provider::OpenaiCompatible => false,
        Provider::Azure => true,
        Provider::Openai | Provider::Anthropic | Provider::Gemini | Provider::Xai => is_own,
    };
    Ok(ProviderEndpoint {
        provider: known.provider,
        url,
        url_variables: known.url_variables,
        key_variables: known.key_variables,
        key: first(known.key_variables).map(Secret::new),
        needs_key,
    })
}

fn azure_address(
    configured: AzureAddress,
    variable: impl Fn(&str) -> Option<String>,
) -> AzureAddress {
    let first = |value: Option<String>, names: &[&str]| {
        value.or_else(|| names.iter().find_map(|name| variable(name)))
    };
    let resource_name = first(configured.resource_name, &["AZURE_OPENAI_RESOURCE_NAME"]);
    let own = resource_name.as_deref();
    let own = own.map(|name| format!("https://{name}.openai.azure.com/"));
    AzureAddress {
        endpoint: first(configured.endpoint, &["AZURE_OPENAI_ENDPOINT"]).or(own),
        deployment: first(
            configured.deployment,
            &["AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_DEPLOYMENT_NAME"],
        ),
        api_version: first(configured.api_version, &["AZURE_OPENAI_API_VERSION"]),
        resource_name,
    }
}
