//! The body of a request.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::json::parse_object;
use crate::problem::Problem;

/// A JSON object without a field that `T` does not have.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !media_type(request.headers()).is_some_and(|media_type| is_json(&media_type)) {
            return Err(unsupported_media_type("application/json"));
        }
        let bytes = read_body(request, state).await?;
        parse_object(&bytes).map(Self)
    }
}

/// How long the body of a request may take: an extension of each request that was let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyWithin(pub(crate) Duration);

/// Reads the whole body of a request.
///
/// # Errors
/// 413 when it is larger than it may be, 408 when it takes too long, 400 when it ends too early.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let within = request.extensions().get::<BodyWithin>();
    let BodyWithin(within) = *within.ok_or_else(Problem::internal)?;
    match timeout(within, Bytes::from_request(request, state)).await {
        Ok(read) => read.map_err(|rejection| body_problem(&rejection)),
        Err(_elapsed) => {
            let detail = "the body took longer than this gateway waits";
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_timeout",
                detail,
            ))
        }
    }
}

fn body_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "the body is larger than this gateway accepts";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with_field("body");
    }
    let detail = "the body ended too early";
    Problem::new(StatusCode::BAD_REQUEST, "malformed_body", detail)
}

/// The media type in `Content-Type`, without its parameters and in lower case.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// Whether a media type is JSON.
pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// The problem of a body whose media type is not `expected`.
pub fn unsupported_media_type(expected: &str) -> Problem {
    let detail = format!("send a body of the type {expected}");
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    )
    .with_field("content-type")
}
