//! Where the log of a world begins.

use contract::{FactKind, Seq};

use super::entry::Entry;

/// Where the log of a world begins. Its commits have sequences that all worlds share: the first may be any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStart {
    /// The first commit of the world.
    pub first: Seq,
    /// The commit before it in this log, with which an earlier world of this id was deleted. Absent when there was
    /// none, or its deletion was purged.
    pub earlier_deleted_at: Option<Seq>,
}

impl LogStart {
    /// How many of the first commits show it.
    pub(super) const COMMITS: usize = 2;

    /// The start of a log whose first commits are these; `None` when it has none.
    pub(super) fn of(commits: &[Entry]) -> Option<Self> {
        let first = commits.first()?;
        let second = commits.get(1).filter(|_| is_deletion(first));
        Some(Self {
            first: second.unwrap_or(first).seq,
            earlier_deleted_at: second.map(|_| first.seq),
        })
    }
}

/// Whether a world ended with this commit. One that can't be decoded is skipped by all who read the log.
fn is_deletion(entry: &Entry) -> bool {
    entry.commit().is_ok_and(|commit| {
        let mut kinds = commit
            .events
            .iter()
            .map(|event| event.event_type.built_in());
        kinds.any(|kind| kind == Some(FactKind::WorldDeleted))
    })
}
