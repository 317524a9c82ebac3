//! Why a request failed.

use std::time::Duration;

use super::retry::Retry;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What failed.
    pub kind: ErrorKind,
    /// What failed, with the server's own words, if it wrote any. It has at most 300 characters.
    pub message: String,
    /// Whether another request may succeed.
    pub retry: Retry,
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request can't be written: it has a header that is invalid.
    Invalid,
    /// There was no connection, or it broke before a response.
    Unreachable,
    /// The server rejected the request with this status.
    Status(u16),
    /// The server reported an error in its response.
    Provider,
    /// The response is not of the protocol.
    Malformed,
    /// The response ended before the completion was complete.
    Truncated,
    /// The server stopped sending for too long.
    Stalled,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, retry: Retry, message: impl Into<String>) -> Self {
        Self {
            kind,
            retry,
            message: message.into(),
        }
    }

    /// Whether another request may succeed.
    pub fn is_transient(&self) -> bool {
        self.retry != Retry::Never
    }

    /// A response that is not of the protocol.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, Retry::WithBackoff, message)
    }

    pub(crate) fn truncated() -> Self {
        let message = "the response ended before the completion was complete";
        Self::new(ErrorKind::Truncated, Retry::WithBackoff, message)
    }

    pub(crate) fn stalled(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        let message = format!("the model server sent nothing for more than {limit} s");
        Self::new(ErrorKind::Stalled, Retry::WithBackoff, message)
    }
}
