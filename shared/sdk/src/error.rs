//! Why a run of an action has no result.

use contract::RejectionCode;
use service_kit::ErrorChain;

/// Why a run of an action has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It may succeed later, here or on another worker: another attempt is made after a pause.
    #[error("{reason}")]
    Transient {
        /// A sentence for people.
        reason: String,
    },
    /// It has failed permanently.
    #[error("{reason}")]
    Failed {
        /// A code for programs, such as `model_timeout`.
        code: String,
        /// A sentence for people.
        reason: String,
    },
    /// The world has ended the run: it accepts no result.
    #[error("the run has already ended")]
    RunEnded,
}

impl Error {
    /// A permanent failure.
    pub fn failed(code: &str, reason: impl Into<String>) -> Self {
        Self::Failed {
            code: code.to_owned(),
            reason: reason.into(),
        }
    }

    /// A failure after which another attempt may succeed.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self::Transient {
            reason: reason.into(),
        }
    }

    /// A request that a world, the archive or the broker did not answer.
    pub(crate) fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::transient(ErrorChain(error).to_string())
    }
}

/// Whether a world that rejects a request with this code accepts no result of the run any more.
pub(crate) fn is_run_ended(code: RejectionCode) -> bool {
    matches!(
        code,
        RejectionCode::AlreadyEnded | RejectionCode::UnknownWorld | RejectionCode::WorldDeleted
    )
}
