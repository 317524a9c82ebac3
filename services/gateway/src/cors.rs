//! Cross-origin requests (CORS) of web pages to `/v1`.

use std::time::Duration;

use anyhow::Context as _;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::uri::Uri;
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// What stands for every origin.
const ANY: &str = "*";
/// A browser asks again after this long. Chromium waits no longer than 2 hours, and a change of the configuration
/// should not take that long.
const PREFLIGHT_KEPT: Duration = Duration::from_mins(10);

/// Answers preflight requests, and lets pages of these origins read responses; `None` without origins.
///
/// # Errors
/// When one is no origin.
pub(crate) fn layer(origins: &[String]) -> anyhow::Result<Option<CorsLayer>> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = match origins.iter().any(|origin| origin == ANY) {
        true => AllowOrigin::any(),
        false => {
            let origins = origins.iter().map(|origin| parse(origin));
            AllowOrigin::list(origins.collect::<anyhow::Result<Vec<_>>>()?)
        }
    };
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let exposed = [
        HeaderName::from_static("last-event-id"),
        LOCATION,
        RETRY_AFTER,
    ];
    Ok(Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods(methods)
            // The API key, and the headers of CloudEvents, whose names are the sender's.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(exposed)
            .max_age(PREFLIGHT_KEPT),
    ))
}

/// An origin as browsers write it: scheme, host in lower case, and the port when it is not the usual one.
fn parse(origin: &str) -> anyhow::Result<HeaderValue> {
    let expected = || {
        format!(
            "cors_origins: {origin:?} is not an origin: write it as browsers do, https://app.example:8443, or *"
        )
    };
    let uri: Uri = origin.parse().ok().with_context(expected)?;
    let host = uri.authority().with_context(expected)?.as_str();
    let scheme = uri.scheme_str().with_context(expected)?;
    let usual_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => anyhow::bail!(expected()),
    };
    let is_origin = origin == format!("{scheme}://{host}")
        && host == host.to_ascii_lowercase()
        && !host.contains('@')
        && !host.ends_with(usual_port);
    anyhow::ensure!(is_origin, expected());
    HeaderValue::from_str(origin).with_context(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for origin in [
            "https://app.example",
            "http://localhost:3000",
            "http://[::1]:8080",
        ] {
            assert_eq!(parse(origin).unwrap(), origin);
        }
        for other in [
            "",
            "app.example",
            "https://app.example/",
            "https://app.example/path",
            "https://App.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://user@app.example",
            "file:///page.html",
            "null",
        ] {
            assert!(parse(other).is_err(), "{other}");
        }
    }
}
