//! Which request each idempotency key belongs to.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::key::HEADER;
use crate::body::read_body;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::state::DoorState;

/// Keys whose requests are remembered, the newest: as many as a world has commands in its memory. They are those that
/// this gateway has seen; a world answers a key that it remembers as it answered first, whatever the body.
const KEYS_MAX: usize = 32_768;

type Hash = [u8; 32];

/// The bodies of the newest keys.
#[derive(Default)]
pub(crate) struct UsedKeys(Mutex<Bodies>);

#[derive(Default)]
struct Bodies {
    by_key: HashMap<Hash, Hash>,
    /// Oldest first. A key that was forgotten may be in it.
    order: VecDeque<Hash>,
}

/// What is known of a key.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    /// It is new.
    First,
    /// It came with the same body.
    Repeat,
    /// It came with another one.
    OtherBody,
}

impl UsedKeys {
    fn note(&self, key: Hash, body: Hash) -> Use {
        let mut bodies = self.lock();
        match bodies.by_key.entry(key) {
            Entry::Occupied(known) if *known.get() == body => return Use::Repeat,
            Entry::Occupied(_) => return Use::OtherBody,
            Entry::Vacant(place) => place.insert(body),
        };
        bodies.order.push_back(key);
        while bodies.order.len() > KEYS_MAX {
            if let Some(oldest) = bodies.order.pop_front() {
                bodies.by_key.remove(&oldest);
            }
        }
        Use::First
    }

    fn forget(&self, key: &Hash) {
        self.lock().by_key.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Bodies> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Middleware behind [`authenticate`](crate::authenticate): it answers a request whose `Idempotency-Key` came with
/// another body with 422, since the answer to the first would be wrong for it.
pub async fn check_idempotency_key(
    State(state): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    if !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let reading = read_body(Request::from_parts(parts.clone(), body), &());
    let bytes = match reading.await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let (key, body) = (hash_of_key(&parts), hash_of_body(&parts, &bytes));
    let known = state.used_keys.note(key, body);
    if known == Use::OtherBody {
        let detail = "this Idempotency-Key belongs to a request with another body: a new request \
                      needs a new key";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let problem = Problem::new(status, "idempotency_key_reused", detail);
        return problem.with_field(HEADER).into_response();
    }
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    // What was refused changed nothing: it may be repeated with what was wrong put right.
    if known == Use::First && response.status().is_client_error() {
        state.used_keys.forget(&key);
    }
    response
}

fn hash_of_key(parts: &Parts) -> Hash {
    let principal = parts.extensions.get::<Principal>();
    let scope = principal.map(Principal::idempotency_scope);
    let key = parts.headers.get(HEADER);
    hash([
        scope.unwrap_or_default().as_bytes(),
        parts.method.as_str().as_bytes(),
        parts.uri.path().as_bytes(),
        key.map_or(b"".as_slice(), |key| key.as_bytes()),
    ])
}

/// The headers of a CloudEvent in the binary mode are part of it.
fn hash_of_body(parts: &Parts, body: &Bytes) -> Hash {
    let query = parts.uri.query().unwrap_or_default();
    let headers = parts.headers.iter();
    let of_body =
        headers.filter(|(name, _)| *name == CONTENT_TYPE || name.as_str().starts_with("ce-"));
    let of_body = of_body.flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()]);
    hash([query.as_bytes(), body].into_iter().chain(of_body))
}

fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_its_first_body_until_it_is_forgotten() {
        let keys = UsedKeys::default();
        let [key, one, other] = [b"key", b"one", b"two"].map(|text| hash([&text[..]]));
        assert_eq!(keys.note(key, one), Use::First);
        assert_eq!(keys.note(key, one), Use::Repeat);
        assert_eq!(keys.note(key, other), Use::OtherBody);
        keys.forget(&key);
        assert_eq!(keys.note(key, other), Use::First);
    }

    #[test]
    fn the_oldest_keys_give_way_to_the_newest() {
        let keys = UsedKeys::default();
        let key = |n: usize| hash([&n.to_be_bytes()[..]]);
        for n in 0..=KEYS_MAX {
            assert_eq!(keys.note(key(n), key(0)), Use::First);
        }
        assert_eq!(keys.note(key(KEYS_MAX), key(1)), Use::OtherBody);
        assert_eq!(keys.note(key(0), key(1)), Use::First);
        assert_eq!(keys.lock().by_key.len(), KEYS_MAX);
    }
}
