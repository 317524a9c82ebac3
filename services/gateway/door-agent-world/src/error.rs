//! Why a request was refused, as clients of Agent World read it: `{error, code, details?}`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use contract::RejectionCode;
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
    field: Option<String>,
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
        let details = body
            .field
            .map(|field| Self::invalid_field(&camel_case(&field), body.detail.clone()).details);
        Self {
            details: details.unwrap_or_default(),
            retry_after: body.retry_after,
            ..Self::new(status, &body.code.to_uppercase(), body.detail)
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        use RejectionCode as Code;
        match problem.rejection {
            Some(Code::UnknownWorld | Code::WorldDeleted) => return Self::no_world(),
            Some(Code::UnknownEntity) => return Self::no_agent(),
            Some(Code::UnknownChat) => return Self::no_chat(),
            Some(Code::UnknownMessage) => return Self::no_message(),
            _ => {}
        }
        if problem.is_invalid() {
            let field = problem.field.unwrap_or_default();
            return Self::invalid_field(&camel_case(&field), problem.detail);
        }
        if problem.status == StatusCode::PAYLOAD_TOO_LARGE {
            let field = problem.field.iter();
            let details =
                field.flat_map(|field| Self::invalid_field(field, problem.detail.clone()).details);
            return Self {
                details: details.collect(),
                ..Self::new(problem.status, "PAYLOAD_TOO_LARGE", problem.detail)
            };
        }
        Self {
            retry_after: problem.retry_after,
            ..Self::new(problem.status, &problem.code.to_uppercase(), problem.detail)
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
    use contract::Rejection;

    use super::*;

    #[test]
    fn a_problem_has_the_code_of_these_clients() {
        use RejectionCode as Code;
        let rejected = |code| Problem::from(Rejection::new(code, "x", None));
        for (problem, status, code) in [
            (rejected(Code::UnknownWorld), 404, "WORLD_NOT_FOUND"),
            (rejected(Code::WorldDeleted), 404, "WORLD_NOT_FOUND"),
            (rejected(Code::UnknownEntity), 404, "AGENT_NOT_FOUND"),
            (rejected(Code::UnknownChat), 404, "CHAT_NOT_FOUND"),
            (rejected(Code::UnknownMessage), 404, "MESSAGE_NOT_FOUND"),
            (rejected(Code::Invalid), 400, "VALIDATION_ERROR"),
            (Problem::invalid("text", "x"), 400, "VALIDATION_ERROR"),
            (rejected(Code::TooLarge), 413, "PAYLOAD_TOO_LARGE"),
            (rejected(Code::Busy), 429, "BUSY"),
            (Problem::unavailable("x"), 503, "UNAVAILABLE"),
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
