//! Problems (RFC 9457): decoded, and as one line.

use contract::http::ProblemDetails;
use reqwest::StatusCode;

/// The problem in the body of a response. A body of another form, such as that of a proxy, becomes one.
pub(crate) fn decode(status: u16, body: &str) -> ProblemDetails {
    let problem = serde_json::from_str::<ProblemDetails>(body).ok();
    let mut problem = problem.unwrap_or_else(|| ProblemDetails {
        // RFC 9457: no more is known than the status.
        kind: "about:blank".to_owned(),
        title: String::new(),
        status,
        detail: body.lines().next().unwrap_or_default().to_owned(),
        code: String::new(),
        field: None,
        retry_after: None,
    });
    problem.status = status;
    if problem.title.is_empty() {
        let reason = StatusCode::from_u16(status).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        problem.title = reason.unwrap_or_default().to_owned();
    }
    problem
}

/// A problem in one line.
pub(crate) fn text(problem: &ProblemDetails) -> String {
    let text = match (problem.title.as_str(), problem.detail.as_str()) {
        ("", "") => "the gateway rejected the request",
        (title, "") => title,
        (_, detail) => detail,
    };
    let field = problem.field.as_ref();
    let field = field.map(|field| format!(" (field {field})"));
    format!("{text}{} [{}]", field.unwrap_or_default(), problem.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_clear_line() {
        let body = r#"{"type": "x", "title": "Unknown chat", "status": 404, "detail": "no chat x", "code": "unknown_chat", "field": "chat"}"#;
        let problem = decode(404, body);
        assert_eq!(text(&problem), "no chat x (field chat) [404]");
        assert_eq!(problem.code, "unknown_chat");
    }

    #[test]
    fn the_response_of_another_server_is_shown_as_it_is() {
        assert_eq!(
            text(&decode(502, "upstream down\nmore")),
            "upstream down [502]"
        );
        assert_eq!(text(&decode(502, "")), "Bad Gateway [502]");
        assert_eq!(
            text(&decode(599, "")),
            "the gateway rejected the request [599]"
        );
    }
}
