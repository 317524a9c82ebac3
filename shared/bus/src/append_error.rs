//! Why a commit was not acknowledged.

use contract::{Seq, WorldId};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a commit was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another commit came first: this one is not in the log, unless it is that other one itself,
    /// appended by an attempt whose acknowledgement was lost. Read on from `expected`.
    #[error("the log of {world} has moved on from {expected}")]
    Conflict {
        /// Whose log.
        world: WorldId,
        /// The sequence that the writer believed to be the last.
        expected: Seq,
    },
    /// The storage of the log is full: the commit is not in it.
    #[error("the storage of the log is full")]
    StorageFull {
        /// The error of NATS.
        source: Source,
    },
    /// Nobody knows whether it is in the log, or may still get there.
    #[error("append to the log of {world}")]
    Unknown {
        /// Whose log.
        world: WorldId,
        /// Why.
        source: Source,
    },
}
