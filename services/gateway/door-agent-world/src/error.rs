//! Why a request was refused, as clients of Agent World read it: `{error, code, details?}`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use door_kit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    error: String,
    code: String,
    details: Vec<Issue>,
    retry_after: Option<u32>,
}

/// One invalid field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Issue {
    /// Where it is.
    pub(crate) path: Vec<String>,
    /// A word for programs.
    pub(crate) code: &'static str,
    /// A sentence for people.
    pub(crate) message: String,
}

/// Why a request was refused, as clients of Agent World read it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// A sentence for people.
    error: String,
    /// A word for programs.
    code: String,
    /// The invalid fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Issue>,
}

/// The body of a problem of the layers around this door.
#[derive(Deserialize)]
pub(crate) struct ProblemBody {
    detail: String,
    code: String,
    #[serde(default)]
    retry_after: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            code: code.to_owned(),
            details: Vec::new(),
            retry_after: None,
        }
    }

    /// A body with invalid fields.
    pub(crate) fn invalid(details: Vec<Issue>) -> Self {
        let error = Self::new(
            StatusCode::BAD_REQUEST,
            "VALIDATION_ERROR",
            "Invalid request body",
        );
        Self { details, ..error }
    }

    /// One invalid field.
    pub(crate) fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Issue {
            path: field.split('.').map(str::to_owned).collect(),
            code: "custom",
            message: message.into(),
        }])
    }

    pub(crate) fn no_world() -> Self {
        Self::new(StatusCode::NOT_FOUND, "WORLD_NOT_FOUND", "World not found")
    }

    pub(crate) fn no_agent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "AGENT_NOT_FOUND", "Agent not found")
    }

    pub(crate) fn no_chat() -> Self {
        Self::new(StatusCode::NOT_FOUND, "CHAT_NOT_FOUND", "Chat not found")
    }

    pub(crate) fn no_message() -> Self {
        let error = "Message not found";
        Self::new(StatusCode::NOT_FOUND, "MESSAGE_NOT_FOUND", error)
    }

    /// A page of another site, where no API key is configured.
    pub(crate) fn foreign_origin() -> Self {
        let error = "Without API keys, only pages of this machine are answered";
        Self::new(StatusCode::FORBIDDEN, "FOREIGN_ORIGIN", error)
    }

    /// A turn without the outcome that the client waits for.
    pub(crate) fn chat(status: StatusCode, error: impl Into<String>) -> Self {
        Self::new(status, "CHAT_ERROR", error)
    }

    /// A problem of a world whose field `text` has another name in the client's body.
    pub(crate) fn in_text_field(problem: Problem, name: &str) -> Self {
        if problem.field.as_deref() == Some("text") {
            return problem.with_field(name).into();
        }
        problem.into()
    }

    pub(crate) fn from_problem_body(status: StatusCode, body: ProblemBody) -> Self {
        Self {
            retry_after: body.retry_after,
            ..Self::new(status, &body.code.to_uppercase(), body.detail)
        }
    }
}

impl From<Problem> for ApiError {
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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
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
    fn a_problem_has_the_code_of_these_clients() {
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
            let error = ApiError::from(problem);
            assert_eq!((error.status.as_u16(), error.code.as_str()), (status, code));
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
