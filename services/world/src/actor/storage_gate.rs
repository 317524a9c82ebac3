//! What an actor does while the storage of the log is full.

use std::time::Duration;

use bus::Bus;
use contract::{Rejection, RejectionCode, Reply};
use service_kit::ErrorChain;
use tokio::time::Instant;
use tracing::warn;

use super::commit_builder::{CommitBuilder, PlannedReply};
use super::pending_request::PendingRequest;

/// Pause before a commit is appended again to a log that was full.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How many pieces of the reserve a deletion takes: others, who have no space either, may be faster.
const RELEASES_MAX: u32 = 3;

/// Refuses commands while the log is full: what changes nothing is served as ever, and a world can be deleted, for which
/// storage is kept. Now and then a commit is tried again.
#[derive(Default)]
pub(super) struct StorageGate {
    closed_until: Option<Instant>,
    /// The pieces of the reserve that were released since it was closed.
    releases: u32,
}

impl StorageGate {
    /// The log has refused a commit, since it is full.
    pub(super) fn close(&mut self) {
        if !self.is_closed() {
            self.releases = 0;
        }
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

    /// Whether a command is refused now.
    pub(super) fn refuses(&self, request: &PendingRequest) -> bool {
        let may_delete = request.deletes_world() && self.releases < RELEASES_MAX;
        self.is_closed() && !may_delete
    }

    /// Makes space for a commit that deletes its world.
    pub(super) async fn make_space(&mut self, bus: &Bus, builder: &CommitBuilder) {
        if self.is_closed() && builder.deletes_world() {
            self.releases += 1;
            if let Err(error) = bus.reserve().release().await {
                warn!(error = %ErrorChain(&error), "no space made for the deletion of a world");
            }
        }
    }

    /// When a commit is tried again, if none is until then.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.closed_until
    }
}

pub(super) fn refused() -> PlannedReply {
    let detail = "the storage of the log is full: nothing is stored until there is space";
    let rejection = Rejection::new(RejectionCode::StorageFull, detail, None);
    PlannedReply::Ready(Reply::Rejected(rejection))
}
