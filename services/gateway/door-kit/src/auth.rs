//! Authentication: an API key or a token in a header or, for a GET, in the address; and what it lets a client do,
//! as far as the address of a request says.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{
    ConnectInfo, FromRequestParts as _, MatchedPath, RawPathParams, Request, State,
};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::{Rejection, RejectionCode, WorldId};

use crate::body::BodyWithin;
use crate::permissions::{Permissions, Scope, check_world, lacks_scope};
use crate::principal::Principal;
use crate::problem::Problem;
use crate::state::DoorState;
use crate::tokens::InvalidToken;

const MISSING: &str = "send an API key: Authorization: Bearer KEY, or X-Api-Key: KEY; a GET may have it in its \
                       address, as api_key";
/// The routes without a world in their address that look themselves at the worlds of a principal.
const CHECKED_THEMSELVES: [&str; 1] = ["/v1/worlds"];

/// Middleware that lets a request in with its principal, or answers it with 401, 403 or 429.
pub async fn authenticate(
    State(state): State<Arc<DoorState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let principal = match principal(&state, &parts).await {
        Ok(principal) => principal,
        Err(problem) => return problem.into_response(),
    };
    if let Err(problem) = authorize(&principal, &mut parts).await {
        return problem.into_response();
    }
    parts.extensions.insert(principal);
    parts.extensions.insert(BodyWithin(state.body_within));
    parts.extensions.insert(state.clock.clone());
    request = Request::from_parts(parts, body);
    next.run(request).await
}

/// Middleware behind [`authenticate`], for doors whose requests name neither the world nor the entity that acts: it
/// answers those of principals that may not do everything with 403.
pub async fn refuse_limited(
    State(state): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    let principal = request.extensions().get::<Principal>();
    let principal = principal.ok_or_else(Problem::internal);
    match principal.and_then(|principal| state.require_unlimited(principal)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn principal(state: &DoorState, parts: &Parts) -> Result<Principal, Problem> {
    let principal = match state.needs_credentials() {
        true => authenticated(state, parts).await?,
        false => address(parts),
    };
    state.check_rate(principal.id())?;
    Ok(principal)
}

async fn authenticated(state: &DoorState, parts: &Parts) -> Result<Principal, Problem> {
    let Some(key) = api_key(&parts.method, &parts.headers, &parts.uri) else {
        return Err(unauthorized(MISSING));
    };
    if let Some(principal) = state.api_keys.find(&key) {
        return Ok(principal);
    }
    let is_token = state.tokens.is_enabled() && key.split('.').count() == 3;
    let verify = || state.tokens.verify(&key, state.clock.now());
    let invalid = match is_token.then(verify) {
        Some(Ok(principal)) => return Ok(principal),
        Some(Err(invalid)) => Some(invalid),
        None => None,
    };
    // What is right and of the same address is let in all the same: a proxy has one address for all.
    state.check_wrong_keys(address(parts).id())?;
    if invalid == Some(InvalidToken::UnknownKey)
        && state.tokens.wait_for_keys().await
        && let Ok(principal) = verify()
    {
        return Ok(principal);
    }
    Err(unauthorized(invalid.map_or(MISSING, InvalidToken::detail)))
}

/// Checks what a request needs before a door reads it: its world must be one of the principal's; who reads, needs the
/// scope for it. What a command needs is checked when it is sent.
async fn authorize(principal: &Principal, parts: &mut Parts) -> Result<(), Problem> {
    let permissions = principal.permissions();
    if permissions.is_unlimited() {
        return Ok(());
    }
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    if is_read && !permissions.has(Scope::Read) {
        return Err(lacks_scope(Scope::Read));
    }
    if !is_read && !permissions.has(Scope::Send) && !permissions.has(Scope::Manage) {
        return Err(lacks_scope(Scope::Send));
    }
    let worlds = RawPathParams::from_request_parts(parts, &()).await;
    let worlds = worlds.ok();
    let world = worlds.iter().flatten().find(|(name, _)| *name == "world");
    match world.map(|(_, id)| id.parse::<WorldId>()) {
        Some(Ok(world)) => check_world(permissions, &world),
        Some(Err(error)) => Err(Problem::invalid_address("world", error.to_string())),
        None => check_all_worlds(permissions, parts),
    }
}

/// A request that names no world is about all of them, but for the routes that list and create worlds, and those
/// that are not there.
fn check_all_worlds(permissions: &Permissions, parts: &Parts) -> Result<(), Problem> {
    let route = parts.extensions.get::<MatchedPath>();
    let is_about_all = route.is_some_and(|route| !CHECKED_THEMSELVES.contains(&route.as_str()));
    if permissions.worlds.is_none() || !is_about_all {
        return Ok(());
    }
    let detail = "this client has access to some worlds only, and this is about all of them";
    Err(Rejection::new(RejectionCode::NotAllowed, detail, None).into())
}

fn address(parts: &Parts) -> Principal {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    Principal::from_address(peer.map_or([0, 0, 0, 0].into(), |ConnectInfo(peer)| peer.ip()))
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
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
