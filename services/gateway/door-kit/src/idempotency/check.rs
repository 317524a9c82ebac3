//! Refuses a request whose idempotency key came with another body.

use std::sync::Arc;

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
use crate::used_keys::{Hash, Use};

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

/// The headers of a CloudEvent in the binary mode are part of it. The query only says how to answer: a repeat may wait
/// for what the first request did not.
fn hash_of_body(parts: &Parts, body: &Bytes) -> Hash {
    let headers = parts.headers.iter();
    let of_body =
        headers.filter(|(name, _)| *name == CONTENT_TYPE || name.as_str().starts_with("ce-"));
    let of_body = of_body.flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()]);
    hash(std::iter::once(&**body).chain(of_body))
}

fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
