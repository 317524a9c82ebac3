//! What an actor does while the storage of the log is full.

use std::time::Duration;

use contract::{Rejection, RejectionCode, Reply};
use tokio::time::Instant;

/// Pause before a commit is appended again to a log that was full.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Refuses commands while the log is full: what changes nothing is served as ever. Now and then a commit is tried
/// again.
#[derive(Default)]
pub(super) struct StorageGate {
    closed_until: Option<Instant>,
}

impl StorageGate {
    /// The log has refused a commit, since it is full.
    pub(super) fn close(&mut self) {
        self.closed_until = Some(Instant::now() + RETRY_PAUSE);
    }

    /// The log has stored a commit.
    pub(super) fn open(&mut self) {
        self.closed_until = None;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed_until
            .is_some_and(|until| Instant::now() < until)
    }

    /// When a commit is tried again, if none is until then.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.closed_until
    }
}

pub(super) fn refused() -> Reply {
    let detail = "the storage of the log is full: nothing is stored until there is space";
    Reply::Rejected(Rejection::new(RejectionCode::StorageFull, detail, None))
}
