//! Which web pages are answered. A browser says in `Origin` whose page it is that asks.

use std::net::IpAddr;

use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::gateway::Gateway;
use crate::problem::Problem;

/// Where no key is asked for, a page from elsewhere may not open a WebSocket: a browser asks nobody
/// before it does, and whoever visits such a page would act without knowing.
///
/// # Errors
/// 403 then.
pub(crate) fn check(gateway: &Gateway, headers: &HeaderMap) -> Result<(), Problem> {
    let page = headers.get(ORIGIN);
    if gateway.config.api_keys.is_empty() && page.is_some_and(|page| !is_of_this_machine(page)) {
        let detail = "without a key, only pages of this machine may open a WebSocket";
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            detail,
        ));
    }
    Ok(())
}

/// Whether a page was served by this machine, whichever port it came from.
pub(crate) fn is_of_this_machine(origin: &HeaderValue) -> bool {
    let uri = origin
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Uri>().ok());
    let Some(host) = uri.as_ref().and_then(Uri::host) else {
        return false;
    };
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_told_from_others() {
        for (origin, is_ours) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1:3000", true),
            ("https://[::1]:3000", true),
            ("http://localhost", true),
            ("https://example.org", false),
            ("http://localhost.example.org", false),
            ("http://192.168.1.4:8080", false),
            ("null", false),
            ("", false),
        ] {
            let origin = HeaderValue::from_static(origin);
            assert_eq!(is_of_this_machine(&origin), is_ours, "{origin:?}");
        }
    }
}
