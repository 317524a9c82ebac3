//! What the HTTP clients of the worker have in common.

use std::error::Error as StdError;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::Url;

/// The maximum number of characters of a response that the reason of a failure quotes.
pub(crate) const EXCERPT_MAX: usize = 200;

/// A client builder without redirects, which could send a key to another address.
pub(crate) fn client_builder(connect_timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
}

/// Whether an address is this machine, by its text: names are not resolved.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// Normalises a base URL, with a slash at its end. What could change the path of the request is
/// rejected.
pub(crate) fn parse_base_url(text: &str) -> anyhow::Result<Url> {
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

/// The innermost cause: the outer errors only name the request that failed.
pub(crate) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    excerpt(&cause.to_string())
}

/// The beginning of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_MAX) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
