//! Why a request was refused: RFC 9457 problem JSON.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::http::ProblemDetails;
use contract::{Rejection, RejectionCause, RejectionCode, WorldId};
use service_kit::ErrorChain;
use tracing::warn;

/// The media type of a problem.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";
/// The code of a request with an invalid field.
const INVALID: &str = "invalid";
/// The detail of a request that has no answer yet.
const UNANSWERED: &str = "there is no answer yet: repeat the request, with the same Idempotency-Key if it \
                          changes something";
/// How soon a client should repeat a request when one of our services is unavailable.
pub(crate) const RETRY_SOON: Duration = Duration::from_secs(1);

/// Why a request was refused (RFC 9457). Clients read it as [`ProblemDetails`].
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// The field at fault, as a path: `events[2].type`.
    pub field: Option<String>,
    /// Try again after this many seconds.
    pub retry_after: Option<u32>,
    /// The rule of the world that refused the request, if one did.
    pub rejection: Option<RejectionCode>,
    /// Which case of that rule it is, where programs need to know.
    pub cause: Option<RejectionCause>,
}

impl Problem {
    /// A problem of this status, with a word for programs and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            field: None,
            retry_after: None,
            rejection: None,
            cause: None,
        }
    }

    /// A field of the body that is invalid.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, INVALID, detail).with_field(field)
    }

    /// A part of the address that is invalid.
    pub fn invalid_address(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, detail).with_field(field)
    }

    /// Whether a field of the request is invalid, for a door or for the world.
    pub fn is_invalid(&self) -> bool {
        self.code == INVALID
    }

    /// Whether a request has no answer yet, and may still change something.
    pub fn is_unanswered(&self) -> bool {
        self.detail == UNANSWERED
    }

    /// One of our services is unavailable.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_retry_after(RETRY_SOON)
    }

    /// A wait that took longer than it may.
    pub fn deadline(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "deadline", detail)
    }

    /// No world has this id.
    pub fn unknown_world(world: &WorldId) -> Self {
        let detail = format!("there is no world {world}");
        let field = Some("world".to_owned());
        Rejection::new(RejectionCode::UnknownWorld, detail, field).into()
    }

    /// A defect of the gateway.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "this is a defect of the gateway: its log has the cause",
        )
    }

    /// The problem as clients read it.
    pub fn details(&self) -> ProblemDetails {
        let title = self.status.canonical_reason().unwrap_or("Error");
        ProblemDetails {
            kind: format!("urn:manyworlds:problem:{}", self.code),
            title: title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.to_owned(),
            field: self.field.clone(),
            retry_after: self.retry_after,
        }
    }

    /// The same problem, of this field.
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same problem, with the time after which the request may be repeated.
    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait.as_secs_f64().ceil().max(1.0) as u32);
        self
    }
}

/// The one table from the rejections of a world to HTTP.
fn status_of(code: RejectionCode) -> (StatusCode, &'static str) {
    use RejectionCode as Code;
    match code {
        Code::UnknownWorld => (StatusCode::NOT_FOUND, "unknown_world"),
        Code::WorldDeleted => (StatusCode::GONE, "world_deleted"),
        Code::UnknownEntity => (StatusCode::NOT_FOUND, "unknown_entity"),
        Code::UnknownChat => (StatusCode::NOT_FOUND, "unknown_chat"),
        Code::UnknownMessage => (StatusCode::NOT_FOUND, "unknown_message"),
        Code::UnknownTimer => (StatusCode::NOT_FOUND, "unknown_timer"),
        Code::UnknownStream => (StatusCode::NOT_FOUND, "unknown_stream"),
        Code::UnknownBehaviour => (StatusCode::NOT_FOUND, "unknown_behaviour"),
        Code::UnknownFlow => (StatusCode::NOT_FOUND, "unknown_flow"),
        Code::UnknownSession => (StatusCode::NOT_FOUND, "unknown_session"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
        Code::AlreadyEnded => (StatusCode::CONFLICT, "already_ended"),
        Code::ReservedType => (StatusCode::UNPROCESSABLE_ENTITY, "reserved_type"),
        Code::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, INVALID),
        Code::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Code::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy"),
        Code::Expired => (StatusCode::CONFLICT, "expired"),
        Code::Conflict => (StatusCode::CONFLICT, "conflict"),
        Code::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
        Code::InFuture => (StatusCode::NOT_FOUND, "in_future"),
        Code::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, "storage_full"),
        Code::QuotaExceeded => (StatusCode::FORBIDDEN, "quota_exceeded"),
        // The world is newer than this gateway: the detail has what it refused.
        Code::Other => (StatusCode::BAD_REQUEST, "rejected"),
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let (status, code) = status_of(rejection.code);
        // A world does not know that its id is a field of requests to us.
        let is_of_world = rejection.code == RejectionCode::UnknownWorld;
        let world = is_of_world.then(|| "world".to_owned());
        let problem = Self {
            field: rejection.field.or(world),
            rejection: Some(rejection.code),
            cause: rejection.cause,
            ..Self::new(status, code, rejection.detail)
        };
        match rejection.code {
            RejectionCode::Busy | RejectionCode::StorageFull => {
                problem.with_retry_after(RETRY_SOON)
            }
            _ => problem,
        }
    }
}

/// The cause goes to the log; the client learns whether a repeat may succeed.
impl From<bus::Error> for Problem {
    fn from(error: bus::Error) -> Self {
        match &error {
            bus::Error::Rejected { reason, .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, INVALID, reason)
            }
            // The reason is written for clients, and holds no secrets.
            bus::Error::ArchiveNotReady { reason } => {
                warn!(reason, "query not answered: the archive is not ready");
                Self::unavailable(format!("the archive is not ready: {reason}"))
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
        return Problem::unavailable(UNANSWERED);
    }
    Problem::internal()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.details()).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
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
            (Code::UnknownStream, 404, "unknown_stream"),
            (Code::UnknownBehaviour, 404, "unknown_behaviour"),
            (Code::UnknownFlow, 404, "unknown_flow"),
            (Code::UnknownSession, 404, "unknown_session"),
            (Code::AlreadyExists, 409, "already_exists"),
            (Code::AlreadyEnded, 409, "already_ended"),
            (Code::ReservedType, 422, "reserved_type"),
            (Code::Invalid, 422, "invalid"),
            (Code::TooLarge, 413, "too_large"),
            (Code::Busy, 429, "busy"),
            (Code::Expired, 409, "expired"),
            (Code::InFuture, 404, "in_future"),
            (Code::StorageFull, 507, "storage_full"),
            (Code::QuotaExceeded, 403, "quota_exceeded"),
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
    fn the_state_of_an_archive_that_is_not_ready_is_shown() {
        let problem = Problem::from(bus::Error::ArchiveNotReady {
            reason: "rebuilding: up to commit 7".to_owned(),
        });
        assert_eq!(
            (problem.status.as_u16(), problem.code, &*problem.detail),
            (
                503,
                "unavailable",
                "the archive is not ready: rebuilding: up to commit 7"
            )
        );
        assert_eq!(problem.retry_after, Some(1));
        assert!(!problem.is_unanswered(), "a query changes nothing");
    }

    #[test]
    fn a_request_without_an_answer_may_be_repeated_soon() {
        let problem = Problem::from(bus::CommandError::Unavailable {
            world: "lobby".parse().unwrap(),
            reason: "internal words".to_owned(),
        });
        assert!(!problem.detail.contains("internal words"));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_MEDIA_TYPE);
    }
}
