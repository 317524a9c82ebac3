//! How every answer of this door looks: open to pages in browsers, and its problems in the words of
//! its clients, also those of the layers around it.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CONTENT_TYPE, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use crate::gateway::Gateway;
use crate::origin::is_of_this_machine;
use crate::problem::MEDIA_TYPE;

/// The longest problem that is put in other words. Ours are a few hundred bytes.
const PROBLEM_BYTES_MAX: usize = 64 << 10;
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const HEADERS: &str =
    "Authorization, Cache-Control, Content-Type, Idempotency-Key, Last-Event-ID, X-Api-Key";

/// Answers what browsers ask before a request, which carries no key, and gives every other answer
/// its form. Where no key is asked for, only pages of this machine are let in: any other site could
/// else do everything in the name of whoever reads it.
pub(super) async fn around(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let allowed = match &origin {
        _ if !gateway.config.api_keys.is_empty() => Some(HeaderValue::from_static("*")),
        None => None,
        Some(origin) if is_of_this_machine(origin) => Some(origin.clone()),
        Some(_) => return Failure::foreign_page().into_response(),
    };
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        reworded(next.run(request).await).await
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(allowed) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(METHODS),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(HEADERS),
    );
    response
}

async fn reworded(response: Response) -> Response {
    let content_type = response.headers().get(CONTENT_TYPE);
    if content_type.is_none_or(|content_type| content_type != MEDIA_TYPE) {
        return response;
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), PROBLEM_BYTES_MAX).await;
    let written = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    match written {
        Some(written) => Failure::from_written(status, written).into_response(),
        None => status.into_response(),
    }
}
