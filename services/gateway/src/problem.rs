//! What a client is told when it does not get what it asked for: RFC 9457 problem JSON.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::{Rejection, RejectionCode};
use serde::Serialize;
use service_kit::ErrorChain;
use tracing::warn;
use utoipa::ToSchema;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// How soon a client should try again when something of ours is away.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// Why a request was refused (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The kind of problem, as a URI.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The status in words.
    pub(crate) title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    pub(crate) status: StatusCode,
    /// A sentence for people.
    pub(crate) detail: String,
    /// A word for programs.
    pub(crate) code: &'static str,
    /// The field at fault, as a path: `events[2].type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Try again after this many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u32>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:manyworlds:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            code,
            field: None,
            retry_after: None,
        }
    }

    /// A value that is not what it must be.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).at(field)
    }

    /// A part of the address that is not what it must be.
    pub(crate) fn bad_address(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail).at(field)
    }

    /// Something of ours is away.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(RETRY_SOON)
    }

    /// A wait that was longer than it may be.
    pub(crate) fn deadline(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "deadline", detail)
    }

    /// No world has this id.
    pub(crate) fn unknown_world(world: &contract::WorldId) -> Self {
        Rejection {
            code: RejectionCode::UnknownWorld,
            detail: format!("there is no world {world}"),
            field: Some("world".to_owned()),
            cause: None,
        }
        .into()
    }

    /// A defect of ours.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "this is a defect of the gateway: its log says more",
        )
    }

    /// The same problem, of this field.
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same problem, and when to try again.
    pub(crate) fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause.as_secs_f64().ceil().max(1.0) as u32);
        self
    }
}

/// The one table from the rules of the worlds to HTTP.
fn status_of(code: RejectionCode) -> (StatusCode, &'static str) {
    use RejectionCode as Code;
    match code {
        Code::UnknownWorld => (StatusCode::NOT_FOUND, "unknown_world"),
        Code::WorldDeleted => (StatusCode::GONE, "world_deleted"),
        Code::UnknownEntity => (StatusCode::NOT_FOUND, "unknown_entity"),
        Code::UnknownChat => (StatusCode::NOT_FOUND, "unknown_chat"),
        Code::UnknownMessage => (StatusCode::NOT_FOUND, "unknown_message"),
        Code::UnknownTimer => (StatusCode::NOT_FOUND, "unknown_timer"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
        Code::AlreadyEnded => (StatusCode::CONFLICT, "already_ended"),
        Code::ReservedType => (StatusCode::UNPROCESSABLE_ENTITY, "reserved_type"),
        Code::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        Code::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Code::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy"),
        Code::Expired => (StatusCode::CONFLICT, "expired"),
        Code::Conflict => (StatusCode::CONFLICT, "conflict"),
        Code::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
        Code::InFuture => (StatusCode::NOT_FOUND, "in_future"),
        // The world is newer than this gateway: the detail says what it refused.
        Code::Other => (StatusCode::BAD_REQUEST, "rejected"),
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let (status, code) = status_of(rejection.code);
        let problem = Self {
            field: rejection.field,
            ..Self::new(status, code, rejection.detail)
        };
        match rejection.code {
            RejectionCode::Busy => problem.retry_after(RETRY_SOON),
            _ => problem,
        }
    }
}

impl From<bus::Error> for Problem {
    fn from(error: bus::Error) -> Self {
        match &error {
            bus::Error::Rejected { reason, .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", reason)
            }
            error => unanswered(error, error.is_transient()),
        }
    }
}

impl From<bus::CommandError> for Problem {
    fn from(error: bus::CommandError) -> Self {
        match error {
            bus::CommandError::Rejected(rejection) => rejection.into(),
            error => unanswered(&error, error.is_transient()),
        }
    }
}

/// The request got no answer that could be shown.
fn unanswered(error: &dyn std::error::Error, is_transient: bool) -> Problem {
    warn!(error = %ErrorChain(error), "request not answered");
    if is_transient {
        return Problem::unavailable(
            "there is no answer yet: repeat the request, with the same Idempotency-Key if it \
             changes something",
        );
    }
    Problem::internal()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(axum::http::header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_keeps_its_rule_and_its_field() {
        use RejectionCode as Code;
        for (code, status, word) in [
            (Code::UnknownWorld, 404, "unknown_world"),
            (Code::WorldDeleted, 410, "world_deleted"),
            (Code::UnknownEntity, 404, "unknown_entity"),
            (Code::UnknownChat, 404, "unknown_chat"),
            (Code::UnknownMessage, 404, "unknown_message"),
            (Code::UnknownTimer, 404, "unknown_timer"),
            (Code::AlreadyExists, 409, "already_exists"),
            (Code::AlreadyEnded, 409, "already_ended"),
            (Code::ReservedType, 422, "reserved_type"),
            (Code::Invalid, 422, "invalid"),
            (Code::TooLarge, 413, "too_large"),
            (Code::Busy, 429, "busy"),
            (Code::Expired, 409, "expired"),
            (Code::InFuture, 404, "in_future"),
        ] {
            let problem = Problem::from(Rejection {
                code,
                detail: "why".to_owned(),
                field: Some("events[2].type".to_owned()),
                cause: None,
            });
            assert_eq!(problem.status.as_u16(), status, "{code:?}");
            assert_eq!(problem.code, word);
            assert_eq!(
                serde_json::to_value(code).unwrap(),
                serde_json::json!(word),
                "the word is the contract's"
            );
            assert_eq!(problem.field.as_deref(), Some("events[2].type"));
        }
    }

    #[test]
    fn a_rejection_with_the_code_of_a_newer_world_is_a_plain_refusal() {
        let rejection = serde_json::json!({"code": "from_the_future", "detail": "why"});
        let problem = Problem::from(serde_json::from_value::<Rejection>(rejection).unwrap());
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
        assert_eq!((problem.code, &*problem.detail), ("rejected", "why"));
        assert_eq!(problem.retry_after, None);
    }

    #[test]
    fn a_silent_world_is_asked_again_soon() {
        let problem = Problem::from(bus::CommandError::Unavailable {
            world: "lobby".parse().unwrap(),
            reason: "internal words".to_owned(),
        });
        assert!(!problem.detail.contains("internal words"));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
    }
}
