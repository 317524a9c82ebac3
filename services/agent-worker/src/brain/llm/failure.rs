//! Why a call of a language model failed, and whether another may succeed.

use std::error::Error as StdError;
use std::time::Duration;

use contract::Timestamp;
use genai::webc;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::http::{Key, excerpt, root_cause};

/// A failed call.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) reason: String,
    pub(super) again: Again,
    /// Whether it was the stream that broke, and not the call.
    pub(super) broken_stream: bool,
}

/// When to call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The next call would fail as this one did.
    Never,
    /// After our own pause.
    Soon,
    /// When the server says.
    After(Duration),
}

impl Failure {
    fn soon(code: &'static str, reason: String) -> Self {
        Self {
            code,
            reason,
            again: Again::Soon,
            broken_stream: false,
        }
    }

    pub(super) fn timeout(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        Self::soon(
            "model_timeout",
            format!("the model took more than {limit} s"),
        )
    }

    pub(super) fn stalled(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        let reason = format!("the model stopped in its answer for more than {limit} s");
        Self::soon("model_timeout", reason)
    }

    pub(super) fn empty() -> Self {
        Self::soon("model_empty", "the model's answer is empty".to_owned())
    }

    pub(super) fn cut() -> Self {
        let reason = "the model's answer was cut off".to_owned();
        Self {
            broken_stream: true,
            ..Self::soon("model_nonsense", reason)
        }
    }

    /// What an error of the model client means.
    pub(super) fn of(error: &genai::Error, streamed: bool) -> Self {
        // What went wrong while streaming is wrapped: the status is inside.
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
            _ => "the model's answer makes no sense".to_owned(),
        };
        Self {
            broken_stream: streamed,
            ..Self::soon("model_nonsense", reason)
        }
    }

    fn transport(error: &(dyn StdError + 'static), streamed: bool) -> Self {
        let reason = format!("the model can't be reached: {}", root_cause(error));
        Self {
            broken_stream: streamed,
            ..Self::soon("model_unreachable", reason)
        }
    }

    fn status(status: StatusCode, headers: Option<&HeaderMap>, body: &str) -> Self {
        let (code, retry) = match status.as_u16() {
            429 => ("model_busy", true),
            408 | 425 | 500.. => ("model_error", true),
            _ => ("model_refused", false),
        };
        let again = match (retry, headers.and_then(retry_after)) {
            (false, _) => Again::Never,
            (true, None) => Again::Soon,
            (true, Some(pause)) => Again::After(pause),
        };
        Self {
            code,
            reason: format!("the model answered {status}: {}", excerpt(body)),
            again,
            broken_stream: false,
        }
    }

    /// The same without the key, should a server repeat it.
    pub(super) fn without(mut self, key: &Option<Key>) -> Self {
        if let Some(key) = key {
            self.reason = key.removed_from(&self.reason);
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

/// `Retry-After`: seconds, or the moment as an HTTP date (RFC 9110, 10.2.3).
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
    fn only_what_may_pass_is_tried_again() {
        let again = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Failure::status(status, None, "").again
        };
        for status in [408, 425, 429, 500, 502, 503, 529] {
            assert_eq!(again(status), Again::Soon, "{status}");
        }
        for status in [301, 400, 401, 403, 404, 422] {
            assert_eq!(again(status), Again::Never, "{status}");
        }
    }

    #[test]
    fn a_reason_quotes_little_of_a_body() {
        let failure = Failure::status(StatusCode::BAD_REQUEST, None, &"ä\n".repeat(500));
        assert!(
            failure
                .reason
                .starts_with("the model answered 400 Bad Request: ä ä")
        );
        assert!(failure.reason.chars().count() < EXCERPT_MAX + 60);
    }
}
