//! The addresses of the configuration.

use anyhow::Context as _;
use manyworlds_sdk::Error;
use reqwest::Url;

use super::destination::not_allowed;
use crate::config::{Endpoint, LlmConfig, UnlistedEndpoints};
use crate::http::{is_loopback, parse_base_url};
use crate::secret::Secret;

/// An address of the configuration, and its key.
pub(super) struct ListedEndpoint {
    url: Url,
    pub(super) key: Option<Secret>,
}

/// The addresses of the configuration.
pub(super) struct Listed {
    endpoints: Vec<ListedEndpoint>,
    unlisted: UnlistedEndpoints,
}

impl Listed {
    pub(super) fn new(config: &LlmConfig) -> anyhow::Result<Self> {
        let endpoints = config.endpoints.iter().map(listed);
        Ok(Self {
            endpoints: endpoints.collect::<Result<_, _>>()?,
            unlisted: config.unlisted,
        })
    }

    pub(super) fn find(&self, url: &Url) -> Option<&ListedEndpoint> {
        self.endpoints.iter().find(|listed| listed.url == *url)
    }

    pub(super) fn check_unlisted(&self, url: &Url) -> Result<(), Error> {
        let allowed = match self.unlisted {
            UnlistedEndpoints::Refuse => false,
            UnlistedEndpoints::Loopback => is_loopback(url),
            UnlistedEndpoints::Any => true,
        };
        match allowed {
            true => Ok(()),
            false => Err(not_allowed(format!(
                "{url} is not in llm.endpoints of the worker's configuration"
            ))),
        }
    }
}

fn listed(endpoint: &Endpoint) -> anyhow::Result<ListedEndpoint> {
    let url = parse_base_url(&endpoint.base_url)
        .with_context(|| format!("llm.endpoints: {}", endpoint.base_url))?;
    let key = match &endpoint.key_variable {
        None => None,
        Some(variable) => Some(
            Secret::from_variable(variable)
                .with_context(|| format!("llm.endpoints: {variable} is not set"))?,
        ),
    };
    Ok(ListedEndpoint { url, key })
}
