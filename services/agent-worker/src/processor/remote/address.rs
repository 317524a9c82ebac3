//! Where a processor behind HTTP may be.
//!
//! The author of a world chooses its address: without a limit, a worker could be made to send requests
//! into its own network.

use anyhow::Context as _;
use manyworlds_sdk::Error;
use reqwest::Url;

use crate::config::{ProcessorsConfig, UnlistedEndpoints};
use crate::http::{is_loopback, parse_base_url};

/// The addresses to which this worker may send samples.
pub(super) struct Addresses {
    listed: Vec<Url>,
    unlisted: UnlistedEndpoints,
}

impl Addresses {
    pub(super) fn new(config: &ProcessorsConfig) -> anyhow::Result<Self> {
        let listed = config.allow.iter().map(|address| {
            parse_base_url(address).with_context(|| format!("processors.allow: {address}"))
        });
        Ok(Self {
            listed: listed.collect::<Result<_, _>>()?,
            unlisted: config.unlisted,
        })
    }

    /// The address of a method of a processor, and whether it is this machine.
    pub(super) fn resolve(&self, address: &str, method: &str) -> Result<(Url, bool), Error> {
        let refused = |reason: String| Error::failed("endpoint_not_allowed", reason);
        let base = parse_base_url(address);
        let base = base.map_err(|error| refused(format!("the URL of the processor {error}")))?;
        let is_loopback = is_loopback(&base);
        let is_allowed = match self.unlisted {
            UnlistedEndpoints::Refuse => false,
            UnlistedEndpoints::Loopback => is_loopback,
            UnlistedEndpoints::Any => true,
        };
        if !is_allowed && !self.listed.contains(&base) {
            let reason = format!("{base} is not in processors.allow of the worker's configuration");
            return Err(refused(reason));
        }
        let url = base.join(method);
        let url = url.map_err(|error| refused(format!("the URL of the processor: {error}")))?;
        Ok((url, is_loopback))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_addresses_get_samples() {
        use UnlistedEndpoints::{Any, Loopback, Refuse};
        let lan = "http://10.0.0.7:8000/model";
        for (unlisted, address, expected) in [
            (
                Loopback,
                "http://127.0.0.1:8000",
                Some("http://127.0.0.1:8000/forward"),
            ),
            (
                Loopback,
                "http://localhost:8000/a/",
                Some("http://localhost:8000/a/forward"),
            ),
            (Loopback, "http://10.0.0.8:8000", None),
            (Loopback, "http://169.254.169.254/latest", None),
            (Loopback, lan, Some("http://10.0.0.7:8000/model/forward")),
            (Refuse, "http://127.0.0.1:8000", None),
            (Refuse, lan, Some("http://10.0.0.7:8000/model/forward")),
            (
                Any,
                "https://models.example/x",
                Some("https://models.example/x/forward"),
            ),
            (Any, "ftp://models.example/x", None),
            (Any, "http://user:key@models.example/x", None),
            (Any, "http://models.example/x?y=1", None),
            (Any, "models", None),
        ] {
            let config = ProcessorsConfig {
                allow: vec![lan.to_owned()],
                unlisted,
                ..ProcessorsConfig::default()
            };
            let found = Addresses::new(&config).unwrap().resolve(address, "forward");
            let found = found.map(|(url, _)| url.to_string());
            assert_eq!(found.as_deref().ok(), expected, "{address} {found:?}");
        }
    }
}
