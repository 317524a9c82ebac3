//! Why an attempt at a model request failed, and whether another may succeed.

use std::time::Duration;

use models::{ErrorKind, Finish, Retry};

use crate::http::excerpt;
use crate::secret::Secret;

/// A failed attempt at a model request.
#[derive(Debug)]
pub(super) struct ModelError {
    pub(super) code: &'static str,
    /// What clients read.
    pub(super) reason: String,
    /// The reason with the words of the server, for the log: they may quote what only the worker should see.
    pub(super) logged: Option<String>,
    pub(super) retry: Retry,
    /// Whether the server accepted the request, and then failed to stream.
    pub(super) is_broken_stream: bool,
}

impl ModelError {
    fn new(code: &'static str, retry: Retry, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            logged: None,
            retry,
            is_broken_stream: false,
        }
    }

    pub(super) fn timeout(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        let reason = format!("the model took more than {limit} s");
        Self::new("model_timeout", Retry::WithBackoff, reason)
    }

    /// A completion without content is complete: the model would write nothing again.
    pub(super) fn empty() -> Self {
        let reason = "the completion of the model is empty";
        Self::new("model_empty", Retry::Never, reason)
    }

    /// The error of a completion that is no answer, by the way in which the model ended.
    pub(super) fn of_finish(finish: &Finish) -> Option<Self> {
        match finish {
            Finish::ContentFilter(name) => {
                let reason = format!("a filter of the provider stopped the model: {name}");
                Some(Self::new("model_filtered", Retry::Never, reason))
            }
            Finish::Refusal => Some(Self::declined("")),
            Finish::MalformedCall(name) => {
                let reason = format!("the model wrote a tool call that can't be read: {name}");
                Some(Self::new("model_nonsense", Retry::WithBackoff, reason))
            }
            Finish::Stop | Finish::ToolCalls | Finish::Length | Finish::Other(_) => None,
        }
    }

    /// The model refuses to answer, in these words.
    pub(super) fn declined(words: &str) -> Self {
        let reason = match words.trim().is_empty() {
            true => "the model refuses to answer".to_owned(),
            false => format!("the model refuses to answer: {}", excerpt(words)),
        };
        Self::new("model_declined", Retry::Never, reason)
    }

    /// The model reached its maximum number of tokens before it wrote any text.
    pub(super) fn exhausted() -> Self {
        let reason = "the model reached its maximum number of tokens before it answered";
        Self::new("model_exhausted", Retry::Never, reason)
    }

    /// Removes the key from the reasons: a server may repeat it.
    pub(super) fn redact(mut self, key: &Option<Secret>) -> Self {
        if let Some(key) = key {
            self.reason = key.redact(&self.reason);
            self.logged = self.logged.map(|logged| key.redact(&logged));
        }
        self
    }
}

impl From<models::Error> for ModelError {
    fn from(error: models::Error) -> Self {
        let code = match error.kind {
            ErrorKind::Unreachable => "model_unreachable",
            ErrorKind::Status(429) => "model_busy",
            ErrorKind::Status(_) if error.is_transient() => "model_error",
            ErrorKind::Status(_) | ErrorKind::Invalid => "model_refused",
            ErrorKind::Provider => "model_error",
            ErrorKind::Malformed | ErrorKind::Truncated => "model_nonsense",
            ErrorKind::Stalled => "model_timeout",
        };
        let is_broken_stream = matches!(error.kind, ErrorKind::Malformed | ErrorKind::Truncated);
        let (reason, logged) = match error.kind {
            ErrorKind::Status(status) => {
                let reason = format!("the model server responded with {status}");
                (reason, Some(error.message))
            }
            ErrorKind::Provider => {
                let reason = "the model server reported an error".to_owned();
                (reason, Some(error.message))
            }
            _ => (error.message, None),
        };
        Self {
            is_broken_stream,
            logged,
            ..Self::new(code, error.retry, reason)
        }
    }
}
