//! Which replica writes.

use std::collections::BTreeSet;

use bus::MemberId;
use tokio::sync::watch;

/// The right to write: the oldest replica holds it.
pub(crate) struct WriterLease {
    id: MemberId,
    members: watch::Receiver<BTreeSet<MemberId>>,
}

impl WriterLease {
    /// The lease as the replica `id` sees it among `members`.
    pub(crate) fn new(id: MemberId, members: watch::Receiver<BTreeSet<MemberId>>) -> Self {
        Self { id, members }
    }

    pub(super) fn is_held(&self) -> bool {
        self.members.borrow().first() == Some(&self.id)
    }

    /// Returns once another replica holds it.
    pub(super) async fn lost(&self) {
        let is_lost = |members: &BTreeSet<MemberId>| members.first() != Some(&self.id);
        // An error means that nothing maintains the membership any more.
        let _ = self.members.clone().wait_for(is_lost).await;
    }

    /// Returns once the replicas have changed.
    pub(super) async fn changed(&mut self) {
        // As above.
        let _ = self.members.changed().await;
    }
}
