//! Why a request or a stream failed.

use contract::Position;
use contract::http::ProblemDetails;

use crate::problem;

/// An error of a library below.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a request or a stream failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The gateway refused the request. For a response that is no problem JSON, such as that of a
    /// proxy, `detail` is its first line, and `code` is empty.
    #[error("{}", problem::text(.0))]
    Problem(Box<ProblemDetails>),
    /// The request can't be sent: the address of the gateway or the API key is malformed.
    #[error("reach {url}")]
    InvalidRequest {
        /// The address of the gateway.
        url: String,
        /// What is wrong.
        source: Source,
    },
    /// There is no connection to the gateway: it has not received the request.
    #[error("reach {url}")]
    Connect {
        /// The address of the gateway.
        url: String,
        /// Why.
        source: Source,
    },
    /// The connection was lost, or the response took too long: the request may have been executed.
    #[error("{operation}")]
    Transport {
        /// What the client did.
        operation: String,
        /// Why it failed.
        source: Source,
    },
    /// What the gateway sent is not what its interface describes.
    #[error("malformed {subject} of the gateway")]
    Decode {
        /// What it was to be.
        subject: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A stream ended before it was complete.
    #[error("the gateway's stream was interrupted ({reason})")]
    StreamInterrupted {
        /// Why.
        reason: String,
    },
    /// The gateway closed a stream, and would close it again.
    #[error("the gateway closed the stream for good ({reason})")]
    StreamClosed {
        /// Why.
        reason: String,
    },
    /// A stream can't resume: the log does not have its position any more. What is between the two
    /// positions may be lost. [`EventStream::next`](crate::EventStream::next), called again, continues
    /// at the new position.
    #[error("the stream can't resume behind {position}: the log continues behind {resumed_at}")]
    PositionLost {
        /// The position of the last event that was received.
        position: Position,
        /// The position at which the gateway continues.
        resumed_at: Position,
    },
}

impl Error {
    /// Whether a repeat may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Problem(problem) => matches!(problem.status, 429 | 500..=599),
            Self::Connect { .. } | Self::Transport { .. } | Self::StreamInterrupted { .. } => true,
            Self::InvalidRequest { .. }
            | Self::Decode { .. }
            | Self::StreamClosed { .. }
            | Self::PositionLost { .. } => false,
        }
    }

    pub(crate) fn interrupted(reason: impl Into<String>) -> Self {
        Self::StreamInterrupted {
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_that_may_pass_is_transient() {
        for (status, expected) in [(404, false), (422, false), (429, true), (503, true)] {
            let error = Error::Problem(Box::new(problem::decode(status, "")));
            assert_eq!(error.is_transient(), expected, "{status}");
        }
        assert!(Error::interrupted("stream ended").is_transient());
        let lost = Error::PositionLost {
            position: Position::end_of(7),
            resumed_at: Position::end_of(3),
        };
        assert!(!lost.is_transient());
    }
}
