//! What a client is told when it does not get what it asked for: `{error, code, details?}`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Why a request was refused.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    error: String,
    code: String,
    details: Vec<Issue>,
    retry_after: Option<u32>,
}

/// One field that is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Issue {
    /// Where it is.
    pub(super) path: Vec<String>,
    /// A word for programs.
    pub(super) code: &'static str,
    /// A sentence for people.
    pub(super) message: String,
}

/// Why a request was refused, as clients of Agent World are told.
#[derive(Serialize, ToSchema)]
pub(super) struct Refusal {
    /// A sentence for people.
    error: String,
    /// A word for programs.
    code: String,
    /// The fields that are not what they must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Issue>,
}

/// A problem as the layers around this door write it.
#[derive(Deserialize)]
pub(super) struct Written {
    detail: String,
    code: String,
    #[serde(default)]
    retry_after: Option<u32>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            code: code.to_owned(),
            details: Vec::new(),
            retry_after: None,
        }
    }

    /// A body whose fields are not what they must be.
    pub(super) fn invalid(details: Vec<Issue>) -> Self {
        let failure = Self::new(
            StatusCode::BAD_REQUEST,
            "VALIDATION_ERROR",
            "Invalid request body",
        );
        Self { details, ..failure }
    }

    /// One field that is not what it must be.
    pub(super) fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Issue {
            path: field.split('.').map(str::to_owned).collect(),
            code: "custom",
            message: message.into(),
        }])
    }

    pub(super) fn no_world() -> Self {
        Self::new(StatusCode::NOT_FOUND, "WORLD_NOT_FOUND", "World not found")
    }

    pub(super) fn no_agent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "AGENT_NOT_FOUND", "Agent not found")
    }

    pub(super) fn no_chat() -> Self {
        Self::new(StatusCode::NOT_FOUND, "CHAT_NOT_FOUND", "Chat not found")
    }

    pub(super) fn no_message() -> Self {
        let error = "Message not found";
        Self::new(StatusCode::NOT_FOUND, "MESSAGE_NOT_FOUND", error)
    }

    /// A page of another site, where no key tells who asks.
    pub(super) fn foreign_page() -> Self {
        let error = "Without API keys, only pages of this machine are answered";
        Self::new(StatusCode::FORBIDDEN, "FOREIGN_ORIGIN", error)
    }

    /// A turn that did not bring what was asked for.
    pub(super) fn chat(status: StatusCode, error: impl Into<String>) -> Self {
        Self::new(status, "CHAT_ERROR", error)
    }

    /// What a world says of a text, which it knows as `text`, and the client under another name.
    pub(super) fn in_text(problem: Problem, name: &str) -> Self {
        if problem.field.as_deref() == Some("text") {
            return problem.at(name).into();
        }
        problem.into()
    }

    pub(super) fn from_written(status: StatusCode, written: Written) -> Self {
        Self {
            retry_after: written.retry_after,
            ..Self::new(status, &written.code.to_uppercase(), written.detail)
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match (problem.code, problem.field) {
            ("unknown_world" | "world_deleted", _) => Self::no_world(),
            ("unknown_entity", _) => Self::no_agent(),
            ("unknown_chat", _) => Self::no_chat(),
            ("unknown_message", _) => Self::no_message(),
            ("invalid", field) => {
                Self::invalid_field(&camel_case(&field.unwrap_or_default()), problem.detail)
            }
            ("too_large", None) => Self::new(problem.status, "PAYLOAD_TOO_LARGE", problem.detail),
            ("too_large", Some(field)) => Self {
                details: Self::invalid_field(&field, problem.detail.clone()).details,
                ..Self::new(problem.status, "PAYLOAD_TOO_LARGE", problem.detail)
            },
            (code, _) => Self {
                retry_after: problem.retry_after,
                ..Self::new(problem.status, &code.to_uppercase(), problem.detail)
            },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = Refusal {
            error: self.error,
            code: self.code,
            details: self.details,
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A field as clients write it: `turn_limit` is `turnLimit`.
fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut rest = word.chars();
        name.extend(rest.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(rest.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_the_words_of_these_clients() {
        let problem = |status, code| Problem::new(StatusCode::from_u16(status).unwrap(), code, "x");
        for (problem, status, code) in [
            (problem(404, "unknown_world"), 404, "WORLD_NOT_FOUND"),
            (problem(410, "world_deleted"), 404, "WORLD_NOT_FOUND"),
            (problem(404, "unknown_entity"), 404, "AGENT_NOT_FOUND"),
            (problem(404, "unknown_chat"), 404, "CHAT_NOT_FOUND"),
            (problem(404, "unknown_message"), 404, "MESSAGE_NOT_FOUND"),
            (problem(422, "invalid"), 400, "VALIDATION_ERROR"),
            (problem(413, "too_large"), 413, "PAYLOAD_TOO_LARGE"),
            (problem(503, "unavailable"), 503, "UNAVAILABLE"),
        ] {
            let failure = Failure::from(problem);
            assert_eq!(
                (failure.status.as_u16(), failure.code.as_str()),
                (status, code)
            );
        }
    }

    #[test]
    fn a_field_is_named_as_clients_write_it() {
        for (field, name) in [
            ("turn_limit", "turnLimit"),
            ("name", "name"),
            ("a_b_c", "aBC"),
            ("", ""),
        ] {
            assert_eq!(camel_case(field), name);
        }
    }
}
