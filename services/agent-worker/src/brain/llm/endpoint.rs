//! Where a call may go, and which key it may carry.
//!
//! Whoever describes a world chooses `base_url`. A key goes to its provider's own address, or to an
//! address that the worker's configuration names with it, and nowhere else.

use anyhow::Context as _;
use contract::brain::{Llm, Provider};
use genai::adapter::AdapterKind;
use genai::resolver::{AuthData, Endpoint as Target};
use genai::{ModelIden, ServiceTarget};
use reqwest::Url;

use crate::Error;
use crate::config::{Llm as Config, Unlisted};
use crate::http::{Key, is_loopback};

/// What is sent as a key where there is none: some servers want one, whatever it is.
const NO_KEY: &str = "none";

/// Where one call goes.
#[derive(Debug)]
pub(super) struct Destination {
    url: Url,
    adapter: AdapterKind,
    pub(super) key: Option<Key>,
    pub(super) is_loopback: bool,
}

impl Destination {
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The same in the words of `genai`. Given a whole target, it looks nothing up by itself.
    pub(super) fn target(&self, model: &str) -> ServiceTarget {
        let key = self.key.as_ref().map_or(NO_KEY, Key::secret);
        ServiceTarget {
            endpoint: Target::from_owned(self.url.as_str()),
            auth: AuthData::from_single(key),
            model: ModelIden::new(self.adapter, model),
        }
    }
}

/// An address and the key that may go there.
struct Known {
    url: Url,
    key: Option<Key>,
}

/// The addresses that this worker calls.
pub(super) struct Endpoints {
    listed: Vec<Known>,
    unlisted: Unlisted,
}

impl Endpoints {
    /// # Errors
    /// When an address makes no sense, or its key is not there.
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        let known = |endpoint: &crate::Endpoint| {
            let url = parse(&endpoint.base_url)
                .with_context(|| format!("llm.endpoints: {}", endpoint.base_url))?;
            let key = match &endpoint.key_variable {
                None => None,
                Some(variable) => Some(
                    Key::read(variable)
                        .with_context(|| format!("llm.endpoints: {variable} is not set"))?,
                ),
            };
            anyhow::Ok(Known { url, key })
        };
        Ok(Self {
            listed: config
                .endpoints
                .iter()
                .map(known)
                .collect::<Result<_, _>>()?,
            unlisted: config.unlisted,
        })
    }

    /// Where a call of this model goes.
    ///
    /// # Errors
    /// When it may not go there, or needs a key that is not there.
    pub(super) fn resolve(&self, llm: &Llm) -> Result<Destination, Error> {
        check_model(&llm.model)?;
        let own = own_address(llm.provider);
        let url = llm.base_url.as_deref().unwrap_or(own.url);
        let url = parse(url).map_err(|error| {
            Error::failed("endpoint_not_allowed", format!("the base URL {error}"))
        })?;
        let listed = self.listed.iter().find(|known| known.url == url);
        let is_own = parse(own.url).is_ok_and(|own| own == url);
        let is_loopback = is_loopback(&url);
        let key = match (listed, own.key_variable) {
            (Some(known), _) => known.key.clone(),
            (None, Some(variable)) if is_own => Some(Key::read(variable).ok_or_else(|| {
                Error::failed("model_key_missing", format!("the worker has no {variable}"))
            })?),
            (None, None) if is_own => None,
            (None, _) => {
                self.check_unlisted(&url, is_loopback)?;
                None
            }
        };
        Ok(Destination {
            url,
            adapter: own.adapter,
            key,
            is_loopback,
        })
    }

    fn check_unlisted(&self, url: &Url, is_loopback: bool) -> Result<(), Error> {
        let allowed = match self.unlisted {
            Unlisted::Refuse => false,
            Unlisted::Loopback => is_loopback,
            Unlisted::Any => true,
        };
        if allowed {
            return Ok(());
        }
        let reason = format!("{url} is not among llm.endpoints of the worker's configuration");
        Err(Error::failed("endpoint_not_allowed", reason))
    }
}

struct Own {
    adapter: AdapterKind,
    url: &'static str,
    key_variable: Option<&'static str>,
}

/// The address of each provider, and the variable of its key, as their own clients name them.
fn own_address(provider: Provider) -> Own {
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
    Own {
        adapter,
        url,
        key_variable,
    }
}

/// A base URL in one spelling, with a slash at its end. Whatever could change the path of the
/// request is refused.
fn parse(text: &str) -> anyhow::Result<Url> {
    let mut url = Url::parse(text).context("is not a URL")?;
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https"),
        "is not http or https"
    );
    anyhow::ensure!(is_plain, "has more than a host and a path");
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// The name of a model is part of the path that some providers are called at.
fn check_model(model: &str) -> Result<(), Error> {
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/@+".contains(letter);
    if !model.is_empty() && model.chars().all(is_safe) && !model.contains("..") {
        return Ok(());
    }
    let reason = format!("{model:?} is not the name of a model");
    Err(Error::failed("model_refused", reason))
}

#[cfg(test)]
mod tests;
