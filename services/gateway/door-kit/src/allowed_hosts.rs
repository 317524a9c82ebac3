//! The names under which a gateway without API keys answers.

use std::net::IpAddr;

/// The names of this gateway beside those of this machine, in lower case and without a port.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// The hosts of these names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(
            names
                .into_iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        )
    }

    /// Whether a host is this machine, or one of the names. An IPv6 address is in brackets.
    pub(crate) fn contains(&self, host: &str) -> bool {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host).to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        is_local(host) || self.0.iter().any(|name| name == host)
    }
}

fn is_local(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}
