//! Which web pages may send requests where no API key is asked for.
//!
//! A browser sends the requests of every page that a person opens, and two headers show which page it was.
//! `Origin` names where the page came from. `Host` names whom the page wanted to reach: a page whose own name
//! was made to resolve to this machine (DNS rebinding) is of the same origin as this gateway for the browser,
//! and only the name shows that it is foreign.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::allowed_hosts::AllowedHosts;
use crate::problem::Problem;
use crate::state::DoorState;

/// Middleware around every route: where no API key is configured, it answers the requests of foreign pages
/// with 403.
pub async fn refuse_foreign_pages(
    State(state): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    match check_page(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Checks that no foreign page sent a request, where no API key is configured: it could act for the person who
/// visits it. With keys, a page can't: it does not have one.
///
/// # Errors
/// 403 when it did.
pub fn check_page(state: &DoorState, request: &Request) -> Result<(), Problem> {
    if state.needs_credentials() {
        return Ok(());
    }
    let hosts = &state.allowed_hosts;
    let (method, headers) = (request.method(), request.headers());
    if !is_for_allowed_host(hosts, request.uri(), headers) {
        let detail = "without API keys, only requests to the names of this machine are answered: those in \
                      allowed_hosts, localhost and its addresses";
        return Err(forbidden("foreign_host", detail));
    }
    if !is_from_allowed_page(hosts, method, headers) {
        let detail = "without API keys, only pages of this machine, and of the hosts in allowed_hosts, are \
                      answered";
        return Err(forbidden("foreign_origin", detail));
    }
    Ok(())
}

fn forbidden(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, detail)
}

/// Whether every host that a request names is allowed. Only programs leave it out: HTTP/1.0 may.
fn is_for_allowed_host(hosts: &AllowedHosts, uri: &Uri, headers: &HeaderMap) -> bool {
    // HTTP/2, and requests to a proxy, name it in the address.
    let is_allowed_in_uri = uri.host().is_none_or(|host| hosts.contains(host));
    is_allowed_in_uri
        && headers.get_all(HOST).iter().all(|value| {
            let authority = value.to_str().ok().and_then(|text| text.parse().ok());
            authority.is_some_and(|authority: Authority| hosts.contains(authority.host()))
        })
}

/// Whether a request is of a program, or of a page of an allowed host. A request that another page makes
/// without `Origin`, such as for a picture, shows in `Sec-Fetch-Site`; a link that a person follows does no harm.
fn is_from_allowed_page(hosts: &AllowedHosts, method: &Method, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter().peekable();
    if origins.peek().is_some() {
        return origins.all(|origin| is_allowed_origin(hosts, origin));
    }
    let has = |name: &str, text: &str| headers.get(name).is_some_and(|value| value == text);
    let is_link = *method == Method::GET && has("sec-fetch-mode", "navigate");
    !has("sec-fetch-site", "cross-site") || is_link
}

/// Whether a page was served by an allowed host, whatever its port.
fn is_allowed_origin(hosts: &AllowedHosts, origin: &HeaderValue) -> bool {
    let uri = origin
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Uri>().ok());
    let host = uri.as_ref().and_then(Uri::host);
    host.is_some_and(|host| hosts.contains(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> AllowedHosts {
        AllowedHosts::new(["Gateway.Example".to_owned()])
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn pages_of_this_machine_are_distinguished_from_others() {
        for (origin, is_allowed) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1:3000", true),
            ("https://[::1]:3000", true),
            ("http://LOCALHOST", true),
            ("https://gateway.example:7443", true),
            ("https://example.org", false),
            ("http://localhost.example.org", false),
            ("http://gateway.example.org", false),
            ("http://user@example.org", false),
            ("http://192.168.1.4:8080", false),
            ("null", false),
            ("", false),
        ] {
            let origin = HeaderValue::from_static(origin);
            assert_eq!(
                is_allowed_origin(&hosts(), &origin),
                is_allowed,
                "{origin:?}"
            );
        }
    }

    #[test]
    fn every_host_that_a_request_names_is_allowed() {
        let is_allowed = |uri: &str, pairs: &[(&'static str, &'static str)]| {
            is_for_allowed_host(&hosts(), &uri.parse().unwrap(), &headers(pairs))
        };
        for host in [
            "localhost:7000",
            "localhost",
            "LocalHost.:7000",
            "127.0.0.1:7000",
            "127.8.8.8",
            "[::1]:7000",
            "[::ffff:127.0.0.1]",
            "gateway.example:80",
        ] {
            assert!(is_allowed("/v1", &[("host", host)]), "{host}");
        }
        for host in [
            "rebound.example:7000",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
            "0.0.0.0:7000",
            "10.0.0.1",
            "[fe80::1]",
            "",
            "a b",
        ] {
            assert!(!is_allowed("/v1", &[("host", host)]), "{host}");
        }
        let twice = [("host", "localhost"), ("host", "rebound.example")];
        assert!(!is_allowed("/v1", &twice));
        assert!(!is_allowed(
            "http://rebound.example/v1",
            &[("host", "localhost")]
        ));
        assert!(is_allowed("http://localhost:7000/v1", &[]));
        assert!(is_allowed("/v1", &[]));
    }

    #[test]
    fn a_page_without_an_origin_is_known_by_its_site() {
        let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
        let is_allowed = |method: &Method, pairs: &[(&'static str, &'static str)]| {
            is_from_allowed_page(&hosts(), method, &headers(pairs))
        };
        for method in [&get, &post, &delete] {
            assert!(is_allowed(method, &[]));
            for site in ["same-origin", "same-site", "none"] {
                assert!(is_allowed(method, &[("sec-fetch-site", site)]));
            }
            assert!(!is_allowed(method, &[("sec-fetch-site", "cross-site")]));
        }
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
        ];
        assert!(is_allowed(&get, &link));
        assert!(!is_allowed(&post, &link));
        let page = [
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://example.org"),
        ];
        assert!(!is_allowed(&get, &page));
    }
}
