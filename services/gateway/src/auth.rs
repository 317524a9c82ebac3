//! Who asks: an API key, compared in constant time.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::ApiKey;
use crate::gateway::Gateway;
use crate::problem::Problem;
use crate::rate::Client;

/// The keys that open the doors. Only digests are kept.
pub(crate) struct Keys {
    digests: Vec<[u8; 32]>,
}

impl Keys {
    pub(crate) fn new(keys: &[ApiKey]) -> Self {
        Self {
            digests: keys.iter().map(|key| digest(&key.0)).collect(),
        }
    }

    /// Whose key `offered` is. How long it takes does not depend on what is offered.
    fn find(&self, offered: &str) -> Option<Client> {
        let offered = digest(offered);
        let mut found = Choice::from(0);
        for digest in &self.digests {
            found |= digest.ct_eq(&offered);
        }
        let mut name = [0; 8];
        name.copy_from_slice(&offered[..8]);
        bool::from(found).then(|| Client::Key(u64::from_be_bytes(name)))
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Who asks, as it is known once a request is let in. It is in the extensions of the request.
#[derive(Clone, Debug)]
pub(crate) struct Principal(pub(crate) Arc<Client>);

impl Principal {
    /// What tells the idempotency keys of different clients apart. Without API keys all are one: an
    /// address is no identity, and a client that repeats itself may come from another.
    pub(crate) fn name(&self) -> String {
        match *self.0 {
            Client::Key(name) => format!("key {name:x}"),
            Client::Address(_) => String::new(),
        }
    }
}

/// Lets a request in, or answers it with 401 or 429.
pub(crate) async fn guard(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&gateway, &request) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn admit(gateway: &Gateway, request: &Request) -> Result<Principal, Problem> {
    let client = if gateway.keys.digests.is_empty() {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let address = peer.map_or([0, 0, 0, 0].into(), |ConnectInfo(peer)| peer.ip());
        Client::of_address(address)
    } else {
        offered(request.method(), request.headers(), request.uri())
            .and_then(|key| gateway.keys.find(&key))
            .ok_or_else(unauthorized)?
    };
    let principal = Principal(Arc::new(client));
    gateway.check_rate(&principal)?;
    Ok(principal)
}

fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "send an API key: Authorization: Bearer KEY, or X-Api-Key: KEY; a GET may have it in its \
         address, as api_key",
    )
}

/// The key that a request carries. Browsers can't set headers on event streams, WebSockets and
/// downloads, so a GET may have it in its address. Nothing else may: addresses end up in logs and in
/// the history of browsers.
fn offered(method: &Method, headers: &HeaderMap, uri: &Uri) -> Option<String> {
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
    query.0.api_key
}

#[derive(serde::Deserialize)]
struct KeyInQuery {
    api_key: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_key_opens() {
        let keys = Keys::new(&[ApiKey::new("one"), ApiKey::new("two")]);
        let (one, two) = (keys.find("one"), keys.find("two"));
        assert!(one.is_some() && two.is_some() && one != two);
        for wrong in ["", "on", "onetwo", "One"] {
            assert_eq!(keys.find(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_comes_in_a_header_or_in_the_address() {
        let mut headers = HeaderMap::new();
        let uri: Uri = "/v1/worlds/a/ws?after=0&api_key=in%20address"
            .parse()
            .unwrap();
        let get = |headers: &HeaderMap, uri| offered(&Method::GET, headers, uri);
        assert_eq!(get(&headers, &uri).as_deref(), Some("in address"));
        headers.insert("x-api-key", "in header".parse().unwrap());
        assert_eq!(get(&headers, &uri).as_deref(), Some("in header"));
        headers.insert(AUTHORIZATION, "bearer token".parse().unwrap());
        assert_eq!(get(&headers, &uri).as_deref(), Some("token"));
        assert_eq!(get(&HeaderMap::new(), &"/v1".parse().unwrap()), None);
    }

    #[test]
    fn a_key_in_the_address_opens_only_what_is_read() {
        let uri: Uri = "/v1/worlds?api_key=secret".parse().unwrap();
        let mut headers = HeaderMap::new();
        let methods = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        for method in &methods {
            assert_eq!(offered(method, &headers, &uri), None, "{method}");
        }
        headers.insert("x-api-key", "secret".parse().unwrap());
        for method in &methods {
            assert!(offered(method, &headers, &uri).is_some(), "{method}");
        }
    }
}
