//! Errors of archiving.

use contract::Seq;

use super::mismatch::Mismatch;
use crate::archive_state::{ArchiveState, DISK_FULL, MALFORMED, STARTING};
use crate::store;

/// The state of a database that is ahead of the log, or belongs to another one.
const MISMATCH: &str =
    "mismatch: the database does not belong to this log: run `manyworlds rebuild`";

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
    #[error("the database does not belong to this log")]
    Mismatch(#[from] Mismatch),
}

impl Error {
    /// Whether a retry may succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => error.is_transient(),
            Self::Log(_) | Self::Stalled | Self::OutOfOrder { .. } | Self::Mismatch(_) => true,
        }
    }

    /// Whether the database can't be read: its tables may be those of an earlier version.
    pub(super) fn is_of_reads(&self) -> bool {
        matches!(self, Self::Database(error) if !error.is_of_write() || error.is_malformed())
    }

    /// Whether the file of the database is malformed.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_malformed())
    }

    /// Whether only a rebuild helps.
    pub(super) fn is_mismatch(&self) -> bool {
        matches!(self, Self::Mismatch(_))
    }

    /// Marks the dependency that failed as unavailable.
    pub(super) fn set_down(&self, state: &ArchiveState) {
        match self {
            Self::Database(error) => self.set_database_down(error, state),
            Self::Mismatch(_) => state.archive.set_failed(MISMATCH, self),
            Self::Log(_) | Self::Stalled | Self::OutOfOrder { .. } => {
                state.log.set_down("can't be read", self);
            }
        }
    }

    /// What is stored can be read while nothing can be written.
    fn set_database_down(&self, error: &store::Error, state: &ArchiveState) {
        if matches!(error, store::Error::Replaced) {
            // What is in its place has to be compared with the log first.
            state.database.set_down("was replaced", self);
            state.archive.set_waiting(STARTING);
        } else if error.is_malformed() {
            state.database.set_failed(MALFORMED, self);
        } else if error.is_disk_full() {
            state.storage.set_failed(DISK_FULL, self);
            // The tables may not be there yet.
            if !error.is_of_write() {
                state.database.set_failed(DISK_FULL, self);
            }
        } else if error.is_of_write() {
            state.storage.set_down("can't be written", self);
        } else {
            state.database.set_down("does not respond", self);
        }
    }
}
