//! Whether another request may succeed.

use std::time::Duration;

/// Whether another request may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail in the same way.
    Never,
    /// After a pause of the caller's choice.
    WithBackoff,
    /// After the pause that the server requests.
    After(Duration),
}

impl Retry {
    /// By a status of HTTP. Some servers put it into the body as well.
    pub(crate) fn of_status(status: u64) -> Self {
        match status {
            408 | 409 | 425 | 429 | 500.. => Self::WithBackoff,
            _ => Self::Never,
        }
    }

    /// By the name that a provider gives its error. `None` for a name that says nothing about it.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        // A quota that is used up comes with the status of a rate limit.
        if has(&[
            "insufficient_quota",
            "billing",
            "invalid",
            "authentication",
            "permission",
            "unauthenticated",
            "not_found",
            "too_large",
            "context_length",
            "content_filter",
            "content_policy",
            "bad_request",
            "badrequest",
            "failed_precondition",
            "out_of_range",
            "unimplemented",
        ]) {
            return Some(Self::Never);
        }
        has(&[
            "rate_limit",
            "overloaded",
            "server_error",
            "api_error",
            "internal",
            "unavailable",
            "timeout",
            "deadline",
            "resource_exhausted",
        ])
        .then_some(Self::WithBackoff)
    }
}
