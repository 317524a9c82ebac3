//! Errors of archiving.

use contract::Seq;

use crate::archive_state::ArchiveState;
use crate::store;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("access the database")]
    Database(#[source] store::Error),
    #[error("access the log")]
    Log(#[source] bus::Error),
    #[error("the log holds more commits than it delivers")]
    Stalled,
    #[error("the log delivers commit {found} after {last}")]
    OutOfOrder { last: Seq, found: Seq },
    #[error("the database holds commit {checkpoint}, but the log ends at {last}")]
    AheadOfLog { checkpoint: Seq, last: Seq },
}

impl Error {
    /// Whether a retry may succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => error.is_transient(),
            Self::Log(_) | Self::Stalled | Self::OutOfOrder { .. } | Self::AheadOfLog { .. } => {
                true
            }
        }
    }

    /// Marks the dependency that failed as unavailable.
    pub(super) fn set_down(&self, state: &ArchiveState) {
        match self {
            Self::Database(_) => state.database.set_down("does not respond", self),
            Self::AheadOfLog { .. } => {
                let reason = "is not the log that was archived: run `persistence rebuild`";
                state.log.set_down(reason, self);
            }
            Self::Log(_) | Self::Stalled | Self::OutOfOrder { .. } => {
                state.log.set_down("can't be read", self);
            }
        }
    }
}
