//! Errors as servers report them: in the body of a rejection, or in the middle of a response.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::excerpt::excerpt;
use super::request_error::{Error, ErrorKind};
use super::retry::Retry;
use crate::json::Json;
use crate::retry_after::retry_after;

/// The error of a rejection: its status, and what its body says about it.
pub(crate) fn status_error(status: StatusCode, headers: &HeaderMap, body: &str) -> Error {
    let reported = Json::parse(body).ok().and_then(|json| report(json, true));
    let words = match &reported {
        Some(report) => excerpt(&report.words),
        None => excerpt(body),
    };
    // A quota that is used up comes with the status of a rate limit.
    let is_final = reported.is_some_and(|report| report.retry_by_name() == Some(Retry::Never));
    let retry = match (
        Retry::of_status(status.as_u16().into()),
        retry_after(headers),
    ) {
        (Retry::Never, _) => Retry::Never,
        _ if is_final && status.is_client_error() => Retry::Never,
        (_, Some(pause)) => Retry::After(pause),
        (retry, None) => retry,
    };
    let message = match words.is_empty() {
        true => format!("the model server responded with {status}"),
        false => format!("the model server responded with {status}: {words}"),
    };
    Error::new(ErrorKind::Status(status.as_u16()), retry, message)
}

/// The error that a server reports in its response. `is_named` when the event is called so.
pub(crate) fn find_error(json: Json<'_>, is_named: bool) -> Option<Error> {
    // Some servers write an array of one.
    let report = json
        .items()
        .into_iter()
        .find_map(|json| report(json, is_named))?;
    let by_code = report
        .code
        .and_then(|code| (code >= 400).then(|| Retry::of_status(code)));
    // In the middle of a response the request was valid: an unknown error is the server's own.
    let retry = report
        .retry_by_name()
        .or(by_code)
        .or_else(|| report.is_general().then_some(Retry::Never))
        .unwrap_or(Retry::WithBackoff);
    let message = format!(
        "the model server reported an error: {}",
        excerpt(&report.words)
    );
    Some(Error::new(ErrorKind::Provider, retry, message))
}

/// A name that providers give to errors that pass as well: limits of rate among them.
const GENERAL: &str = "invalid_request_error";

/// An error in a provider's own form.
struct Report {
    words: String,
    code: Option<u64>,
    names: Vec<String>,
}

impl Report {
    /// Whether one of the names is that of any error of a request.
    fn is_general(&self) -> bool {
        self.names.iter().any(|name| name == GENERAL)
    }

    fn retry_by_name(&self) -> Option<Retry> {
        let by_name: Vec<Retry> = self
            .names
            .iter()
            .filter(|name| *name != GENERAL)
            .filter_map(|name| Retry::of_name(name))
            .collect();
        // One name may be general, and another one specific.
        match by_name.contains(&Retry::Never) {
            true => Some(Retry::Never),
            false => by_name.first().copied(),
        }
    }
}

/// `{"error": {"message", "type", "code", "status"}}` (OpenAI, Anthropic, Gemini),
/// `{"error": "..."}` (Ollama), `{"object": "error", "message"}` (vLLM), `{"detail"}` (FastAPI).
fn report(json: Json<'_>, is_named: bool) -> Option<Report> {
    if let Some(error) = json.get("error") {
        let is_empty = error.fields().is_empty() && error.text().is_none();
        return (!is_empty).then(|| report_of(error));
    }
    let is_error = |key| json.text_at(key).is_some_and(|kind| kind == "error");
    if is_error("object") || is_error("type") {
        return Some(report_of(json));
    }
    if json.get("choices").is_none() && json.get("detail").is_some() {
        return Some(report_of(json));
    }
    is_named.then(|| report_of(json))
}

fn report_of(error: Json<'_>) -> Report {
    let words = ["message", "detail", "msg"]
        .iter()
        .find_map(|key| error.text_at(key))
        .or_else(|| error.text())
        .unwrap_or_else(|| error.raw().get().to_owned());
    let code = ["code", "status", "status_code"]
        .iter()
        .find_map(|key| error.get(key)?.count());
    let names = ["type", "code", "status"]
        .iter()
        .filter_map(|key| error.text_at(key))
        .collect();
    Report { words, code, names }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn found(text: &str) -> Option<(Retry, String)> {
        find_error(Json::parse(text).unwrap(), false).map(|error| (error.retry, error.message))
    }

    #[test]
    fn each_form_of_an_error_is_found() {
        let never = Retry::Never;
        let later = Retry::WithBackoff;
        for (text, retry) in [
            (r#"{"error":{"message":"W","type":"server_error"}}"#, later),
            (
                r#"{"error":{"message":"W","type":"invalid_request_error"}}"#,
                never,
            ),
            (r#"{"error":{"message":"W","code":429}}"#, later),
            (r#"{"error":{"message":"W","code":"400"}}"#, never),
            (
                r#"{"error":{"message":"W","type":"rate_limit","code":"insufficient_quota"}}"#,
                never,
            ),
            (
                r#"{"error":{"message":"W","type":"invalid_request_error","code":"rate_limit_exceeded"}}"#,
                later,
            ),
            (
                r#"{"error":{"message":"W","type":"invalid_request_error","code":"model_not_found"}}"#,
                never,
            ),
            (
                r#"{"error":{"message":"W","type":"invalid_request_error","code":429}}"#,
                later,
            ),
            (r#"{"error":"W"}"#, later),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"W"}}"#,
                later,
            ),
            (
                r#"{"error":{"code":503,"message":"W","status":"UNAVAILABLE"}}"#,
                later,
            ),
            (
                r#"[{"error":{"code":400,"message":"W","status":"INVALID_ARGUMENT"}}]"#,
                never,
            ),
            (r#"{"object":"error","message":"W","code":500}"#, later),
            (r#"{"detail":"W"}"#, later),
        ] {
            let (found, message) = found(text).unwrap();
            assert_eq!(found, retry, "{text}");
            assert_eq!(message, "the model server reported an error: W", "{text}");
        }
        for text in [
            r#"{"error":null,"choices":[]}"#,
            r#"{"error":{},"choices":[]}"#,
            r#"{"error":"","choices":[]}"#,
            r#"{"choices":[]}"#,
            "[]",
        ] {
            assert!(found(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_rejection_is_retried_when_its_cause_may_pass() {
        let retry = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            status_error(status, &HeaderMap::new(), body).retry
        };
        for status in [408, 425, 429, 500, 502, 503, 529] {
            assert_eq!(retry(status, ""), Retry::WithBackoff, "{status}");
        }
        for status in [301, 400, 401, 403, 404, 422] {
            assert_eq!(retry(status, ""), Retry::Never, "{status}");
        }
        let quota = r#"{"error":{"message":"W","code":"insufficient_quota"}}"#;
        assert_eq!(retry(429, quota), Retry::Never);
        let general = r#"{"error":{"message":"W","type":"invalid_request_error"}}"#;
        assert_eq!(retry(429, general), Retry::WithBackoff);
        assert_eq!(retry(400, general), Retry::Never);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "2".parse().unwrap());
        let error = status_error(StatusCode::TOO_MANY_REQUESTS, &headers, "<html>\n busy");
        assert_eq!(error.retry, Retry::After(Duration::from_secs(2)));
        assert!(
            error
                .message
                .ends_with("429 Too Many Requests: <html> busy")
        );
    }
}
