//! Why a database does not belong to the log.

use contract::Seq;

/// Why a database is not a beginning of the log. Only a rebuild helps.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mismatch {
    #[error("the database was filled from another log")]
    OtherLog,
    #[error("the database holds commit {checkpoint}, but the log ends at {last}")]
    AheadOfLog { checkpoint: Seq, last: Seq },
    #[error("commit {seq} of the log is not the one that the database holds")]
    OtherCommit { seq: Seq },
}
