//! Authentication: an API key in a header or, for a GET, in the address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::body::BodyWithin;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::state::DoorState;

/// Middleware that lets a request in with its principal, or answers it with 401 or 429.
pub async fn authenticate(
    State(state): State<Arc<DoorState>>,
    mut request: Request,
    next: Next,
) -> Response {
    match principal(&state, &request) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            request
                .extensions_mut()
                .insert(BodyWithin(state.body_within));
            request.extensions_mut().insert(state.clock.clone());
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Middleware behind [`authenticate`], for doors whose requests do not name the entity that acts: it
/// answers those of keys that may act as some entities only with 403.
pub async fn refuse_limited_keys(
    State(state): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    let principal = request.extensions().get::<Principal>();
    let principal = principal.ok_or_else(Problem::internal);
    match principal.and_then(|principal| state.require_every_entity(principal)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn principal(state: &DoorState, request: &Request) -> Result<Principal, Problem> {
    let principal = if state.api_keys.is_empty() {
        address(request)
    } else {
        let key = api_key(request.method(), request.headers(), request.uri());
        match key.as_deref().map(|key| state.api_keys.find(key)) {
            Some(Some(principal)) => principal,
            Some(None) => {
                // A right key of the same address is let in all the same: a proxy has one address for all.
                state.check_wrong_keys(&address(request))?;
                return Err(unauthorized());
            }
            None => return Err(unauthorized()),
        }
    };
    state.check_rate(&principal)?;
    Ok(principal)
}

fn address(request: &Request) -> Principal {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    Principal::from_address(peer.map_or([0, 0, 0, 0].into(), |ConnectInfo(peer)| peer.ip()))
}

fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "send an API key: Authorization: Bearer KEY, or X-Api-Key: KEY; a GET may have it in its \
         address, as api_key",
    )
}

/// The API key of a request. Browsers can't set headers on event streams, WebSockets and downloads,
/// so a GET may have it in its address. Nothing else may: addresses end up in logs and in the history
/// of browsers.
fn api_key(method: &Method, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(key.trim_start())
    });
    if let Some(key) = bearer.or_else(|| header("x-api-key")) {
        return Some(key.to_owned());
    }
    if method != Method::GET {
        return None;
    }
    let query = axum::extract::Query::<KeyInQuery>::try_from_uri(uri).ok()?;
    query.0.api_key.or(query.0.token)
}

#[derive(serde::Deserialize)]
struct KeyInQuery {
    api_key: Option<String>,
    /// As clients of Atoms name it.
    token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_in_a_header_or_in_the_address() {
        let mut headers = HeaderMap::new();
        let uri: Uri = "/v1/worlds/a/ws?after=0&api_key=in%20address"
            .parse()
            .unwrap();
        let get = |headers: &HeaderMap, uri| api_key(&Method::GET, headers, uri);
        assert_eq!(get(&headers, &uri).as_deref(), Some("in address"));
        headers.insert("x-api-key", "in header".parse().unwrap());
        assert_eq!(get(&headers, &uri).as_deref(), Some("in header"));
        headers.insert(AUTHORIZATION, "bearer token".parse().unwrap());
        assert_eq!(get(&headers, &uri).as_deref(), Some("token"));
        assert_eq!(get(&HeaderMap::new(), &"/v1".parse().unwrap()), None);
        let by_token: Uri = "/atoms/a/ws?token=secret".parse().unwrap();
        let token = api_key(&Method::GET, &HeaderMap::new(), &by_token);
        assert_eq!(token.as_deref(), Some("secret"));
    }

    #[test]
    fn a_key_in_the_address_authenticates_only_reads() {
        let uri: Uri = "/v1/worlds?api_key=secret".parse().unwrap();
        let mut headers = HeaderMap::new();
        let methods = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        for method in &methods {
            assert_eq!(api_key(method, &headers, &uri), None, "{method}");
        }
        headers.insert("x-api-key", "secret".parse().unwrap());
        for method in &methods {
            assert!(api_key(method, &headers, &uri).is_some(), "{method}");
        }
    }
}
