//! Why a server of tools could not be used, in words that a model understands.

use std::time::Duration;

use rmcp::ServiceError;
use rmcp::service::ClientInitializeError;

use super::secrets::Secrets;
use crate::http::{excerpt, root_cause};

/// A failure to reach a server, or to be answered by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration of this worker does not list it.
    #[error("this worker is not allowed to use it")]
    NotAllowed,
    /// All that this worker may know at a time are in use.
    #[error("too many servers are in use")]
    Full,
    /// There is no connection.
    #[error("it can't be reached: {reason}")]
    Unreachable { reason: String },
    /// It did not answer in time.
    #[error("it took more than {} s", limit.as_secs_f64())]
    Timeout { limit: Duration },
    /// The call took too long.
    #[error(
        "it took more than {} s, and was called off: whether it took effect is not known",
        limit.as_secs_f64()
    )]
    CalledOff { limit: Duration },
    /// It said no.
    #[error("{message}")]
    Refused { message: String },
    /// The connection is gone, and the answer with it.
    #[error("the connection broke: whether it took effect is not known")]
    Broken,
}

impl Error {
    /// A word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::Full => "full",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } | Self::CalledOff { .. } => "timeout",
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

    /// Of a request that was sent, or was about to be.
    pub(super) fn of_request(error: &ServiceError, secrets: &Secrets) -> Self {
        match error {
            ServiceError::McpError(error) => {
                Self::refused(excerpt(&secrets.removed_from(&error.message)))
            }
            ServiceError::UnexpectedResponse => Self::refused("its answer makes no sense"),
            ServiceError::Timeout { timeout } => Self::Timeout { limit: *timeout },
            _ => Self::Broken,
        }
    }

    /// Of the first words with a server. What it said itself may be a payload: it is left out.
    pub(super) fn of_opening(error: &ClientInitializeError, secrets: &Secrets) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => {
                Self::unreachable(secrets.removed_from(&root_cause(&*error.error)))
            }
            ClientInitializeError::ConnectionClosed(_) => Self::unreachable("it ended"),
            ClientInitializeError::JsonRpcError(error) => {
                let message = excerpt(&secrets.removed_from(&error.message));
                Self::unreachable(format!("it refused: {message}"))
            }
            _ => Self::unreachable("it does not speak the protocol"),
        }
    }
}
