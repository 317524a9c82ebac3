//! What calls of other servers have in common: clients, keys, and what is said of a failure.

use std::error::Error as StdError;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Url;

/// How much of what a server says a reason quotes, in characters.
pub(crate) const EXCERPT_MAX: usize = 200;

/// Redirects are not followed: they could carry a key elsewhere.
pub(crate) fn builder(connect_timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
}

/// Only what says so by itself: no name is looked up.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// A key. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// The key in an environment variable, if it is there and not empty.
    pub(crate) fn read(variable: &str) -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "keys are secrets of the process; this is the one place where they are read"
        )]
        let key = std::env::var(variable).ok()?;
        (!key.is_empty()).then_some(Self(key))
    }

    /// For whoever may have it.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }

    /// The text without this key, wherever it says it.
    pub(crate) fn removed_from(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// The innermost cause: the outer ones only say that a request failed, and where.
pub(crate) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    excerpt(&cause.to_string())
}

/// The beginning of a text, in one line.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_MAX) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = Key("sk-secret".into());
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.removed_from("bad key sk-secret!"), "bad key [key]!");
    }
}
