//! What every response of this door has: the CORS headers, and errors in the form of its clients, those
//! of the layers around it included.

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
use door_kit::{DoorState, PROBLEM_MEDIA_TYPE, check_page};

use crate::error::ApiError;

/// The longest problem that is converted. Ours have a few hundred bytes.
const PROBLEM_BYTES_MAX: usize = 64 << 10;
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const HEADERS: &str =
    "Authorization, Cache-Control, Content-Type, Idempotency-Key, Last-Event-ID, X-Api-Key";

/// Answers preflight requests, which have no API key, and completes every other response. Where no API
/// key is configured, only pages of this machine are let in: a page of another site could act for the
/// person who visits it.
pub(crate) async fn complete_responses(
    State(doors): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = check_page(&doors, &request) {
        return ApiError::from(problem).into_response();
    }
    let allowed = match doors.needs_credentials() {
        true => Some(HeaderValue::from_static("*")),
        false => request.headers().get(ORIGIN).cloned(),
    };
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        convert_problem(next.run(request).await).await
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

async fn convert_problem(response: Response) -> Response {
    let content_type = response.headers().get(CONTENT_TYPE);
    if content_type.is_none_or(|content_type| content_type != PROBLEM_MEDIA_TYPE) {
        return response;
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), PROBLEM_BYTES_MAX).await;
    let problem = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    match problem {
        Some(problem) => ApiError::from_problem_body(status, problem).into_response(),
        None => status.into_response(),
    }
}
