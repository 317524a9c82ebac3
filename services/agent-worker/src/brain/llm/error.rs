//! Why an attempt at a model request failed, and whether another may succeed.

use std::error::Error as StdError;
use std::time::Duration;

use contract::Timestamp;
use genai::webc;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::http::{excerpt, root_cause};
use crate::secret::Secret;

/// A failed attempt at a model request.
#[derive(Debug)]
pub(super) struct ModelError {
    pub(super) code: &'static str,
    pub(super) reason: String,
    pub(super) retry: RetryAdvice,
    /// Whether the server accepted the request, and then failed to stream.
    pub(super) is_broken_stream: bool,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAdvice {
    /// The next attempt would fail in the same way.
    Never,
    /// After the pause of the configuration.
    WithBackoff,
    /// After the pause that the server requests.
    After(Duration),
}

impl ModelError {
    fn temporary(code: &'static str, reason: String) -> Self {
        Self {
            code,
            reason,
            retry: RetryAdvice::WithBackoff,
            is_broken_stream: false,
        }
    }

    pub(super) fn timeout(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        Self::temporary(
            "model_timeout",
            format!("the model took more than {limit} s"),
        )
    }

    pub(super) fn stalled(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        let reason = format!("the model stopped streaming for more than {limit} s");
        Self::temporary("model_timeout", reason)
    }

    pub(super) fn empty() -> Self {
        Self::temporary(
            "model_empty",
            "the completion of the model is empty".to_owned(),
        )
    }

    pub(super) fn truncated() -> Self {
        let reason = "the stream of the model ended before its completion".to_owned();
        Self {
            is_broken_stream: true,
            ..Self::temporary("model_nonsense", reason)
        }
    }

    /// Classifies an error of the model client.
    pub(super) fn of(error: &genai::Error, streamed: bool) -> Self {
        // An error of a stream wraps the error that has the status.
        if let genai::Error::WebStream { error, .. } = error {
            if let Some(inner) = error.downcast_ref::<genai::Error>() {
                return Self::of(inner, streamed);
            }
            return Self::transport(&**error, streamed);
        }
        if let (Some(status), Some(body)) = (error.status(), body(error)) {
            return Self::status(status, error.headers(), body);
        }
        if let genai::Error::WebModelCall {
            webc_error: webc::Error::Reqwest(error),
            ..
        } = error
        {
            return Self::transport(error, streamed);
        }
        let reason = match error {
            genai::Error::ChatResponse { body, .. } => {
                format!(
                    "the model reported an error: {}",
                    excerpt(&body.to_string())
                )
            }
            _ => "the response of the model is malformed".to_owned(),
        };
        Self {
            is_broken_stream: streamed,
            ..Self::temporary("model_nonsense", reason)
        }
    }

    fn transport(error: &(dyn StdError + 'static), streamed: bool) -> Self {
        let reason = format!("the model is unreachable: {}", root_cause(error));
        Self {
            is_broken_stream: streamed,
            ..Self::temporary("model_unreachable", reason)
        }
    }

    fn status(status: StatusCode, headers: Option<&HeaderMap>, body: &str) -> Self {
        let (code, is_temporary) = match status.as_u16() {
            429 => ("model_busy", true),
            408 | 425 | 500.. => ("model_error", true),
            _ => ("model_refused", false),
        };
        let advice = match (is_temporary, headers.and_then(retry_after)) {
            (false, _) => RetryAdvice::Never,
            (true, None) => RetryAdvice::WithBackoff,
            (true, Some(pause)) => RetryAdvice::After(pause),
        };
        Self {
            code,
            reason: format!("the model responded with {status}: {}", excerpt(body)),
            retry: advice,
            is_broken_stream: false,
        }
    }

    /// Removes the key from the reason: a server may repeat it.
    pub(super) fn redact(mut self, key: &Option<Secret>) -> Self {
        if let Some(key) = key {
            self.reason = key.redact(&self.reason);
        }
        self
    }
}

fn body(error: &genai::Error) -> Option<&str> {
    match error {
        genai::Error::HttpError { body, .. }
        | genai::Error::WebModelCall {
            webc_error: webc::Error::ResponseFailedStatus { body, .. },
            ..
        } => Some(body),
        _ => None,
    }
}

/// The header `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let due = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    let due = i64::try_from(due.unix_timestamp_nanos() / 1_000_000).ok()?;
    Some(Timestamp::from_unix_ms(due).since(Timestamp::now()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::EXCERPT_MAX;

    fn after(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(after("3"), Some(Duration::from_secs(3)));
        assert_eq!(after("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let later = after("Fri, 31 Dec 2100 23:59:59 GMT").unwrap();
        assert!(later > Duration::from_hours(24));
        assert_eq!((after("soon"), after("-1")), (None, None));
    }

    #[test]
    fn only_temporary_errors_are_retried() {
        let retry = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            ModelError::status(status, None, "").retry
        };
        for status in [408, 425, 429, 500, 502, 503, 529] {
            assert_eq!(retry(status), RetryAdvice::WithBackoff, "{status}");
        }
        for status in [301, 400, 401, 403, 404, 422] {
            assert_eq!(retry(status), RetryAdvice::Never, "{status}");
        }
    }

    #[test]
    fn a_reason_quotes_the_beginning_of_a_body() {
        let error = ModelError::status(StatusCode::BAD_REQUEST, None, &"ä\n".repeat(500));
        assert!(
            error
                .reason
                .starts_with("the model responded with 400 Bad Request: ä ä")
        );
        assert!(error.reason.chars().count() < EXCERPT_MAX + 60);
    }
}
