//! Why a request to an MCP server failed, in words for a model.

use std::time::Duration;

use rmcp::ServiceError;
use rmcp::service::ClientInitializeError;

use super::secrets::Secrets;
use crate::http::{excerpt, root_cause};

/// A failed request to an MCP server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration of this worker does not list the server.
    #[error("this worker is not allowed to use it")]
    NotAllowed,
    /// All entries of the pool are in use.
    #[error("too many servers are in use")]
    PoolExhausted,
    /// There is no connection.
    #[error("it is unreachable: {reason}")]
    Unreachable { reason: String },
    /// It did not respond in time.
    #[error("it took more than {} s", limit.as_secs_f64())]
    Timeout { limit: Duration },
    /// A tool call did not end in time.
    #[error(
        "it took more than {} s, and was cancelled: whether it took effect is not known",
        limit.as_secs_f64()
    )]
    CallCancelled { limit: Duration },
    /// It responded with an error.
    #[error("{message}")]
    Refused { message: String },
    /// The connection broke before the response.
    #[error("the connection broke: whether it took effect is not known")]
    Broken,
}

impl Error {
    /// A code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::PoolExhausted => "full",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } | Self::CallCancelled { .. } => "timeout",
            Self::Refused { .. } => "refused",
            Self::Broken => "broken",
        }
    }

    pub(super) fn unreachable(reason: impl Into<String>) -> Self {
        Self::Unreachable {
            reason: reason.into(),
        }
    }

    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::Refused {
            message: message.into(),
        }
    }

    /// Converts the error of a request.
    pub(super) fn of_request(error: &ServiceError, secrets: &Secrets) -> Self {
        match error {
            ServiceError::McpError(error) => {
                Self::refused(excerpt(&secrets.redact(&error.message)))
            }
            ServiceError::UnexpectedResponse => Self::refused("the response is malformed"),
            ServiceError::Timeout { timeout } => Self::Timeout { limit: *timeout },
            _ => Self::Broken,
        }
    }

    /// Converts the error of the initialization. What the server sent may be a payload: it is
    /// omitted.
    pub(super) fn of_initialization(error: &ClientInitializeError, secrets: &Secrets) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => {
                Self::unreachable(secrets.redact(&root_cause(&*error.error)))
            }
            ClientInitializeError::ConnectionClosed(_) => {
                Self::unreachable("it closed the connection")
            }
            ClientInitializeError::JsonRpcError(error) => {
                let message = excerpt(&secrets.redact(&error.message));
                Self::unreachable(format!("it refused: {message}"))
            }
            _ => Self::unreachable("it does not follow the protocol"),
        }
    }
}
