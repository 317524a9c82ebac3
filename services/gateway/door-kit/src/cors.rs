//! Which web pages may send requests. A browser names the page's origin in the header `Origin`.

use std::net::IpAddr;

use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::problem::Problem;
use crate::state::DoorState;

/// Where no API key is configured, a page of another site may not open a WebSocket: a browser sends no
/// preflight request before it does, and a person who visits such a page would act without knowing.
///
/// # Errors
/// 403 then.
pub fn check_origin(state: &DoorState, headers: &HeaderMap) -> Result<(), Problem> {
    let origin = headers.get(ORIGIN);
    if !state.has_api_keys() && origin.is_some_and(|origin| !is_local_origin(origin)) {
        let detail = "without an API key, only pages of this machine may open a WebSocket";
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            detail,
        ));
    }
    Ok(())
}

/// Whether a page was served by this machine, whatever its port.
pub fn is_local_origin(origin: &HeaderValue) -> bool {
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
    fn pages_of_this_machine_are_distinguished_from_others() {
        for (origin, is_local) in [
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
            assert_eq!(is_local_origin(&origin), is_local, "{origin:?}");
        }
    }
}
