//! Which snapshots of the past of a world are kept. Pure.

use contract::Seq;
use serde::{Deserialize, Serialize};

/// Snapshots that are kept of one world.
const KEPT_MAX: usize = 64;

/// The snapshots of the past of a world, at equal distances, which double whenever there are too many.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    /// How many were made, kept or not.
    made: u64,
    /// One of so many is kept, to the power of two.
    doublings: u32,
    kept: Vec<KeptSnapshot>,
}

/// Where a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptSnapshot {
    /// The last commit in it.
    pub(super) seq: Seq,
    /// The keys over which it is spread.
    pub(super) parts: usize,
}

impl Index {
    /// Whether the next snapshot is to be kept. It counts as made either way.
    pub(super) fn keeps_next(&mut self) -> bool {
        self.made += 1;
        (self.made - 1).is_multiple_of(1 << self.doublings.min(63))
    }

    /// Adds a snapshot, and returns those that are kept no more.
    pub(super) fn add(&mut self, snapshot: KeptSnapshot) -> Vec<KeptSnapshot> {
        let mut removed = Vec::new();
        // A snapshot that was read behind it is of a state that the log did not take.
        removed.extend(self.kept.extract_if(.., |kept| kept.seq >= snapshot.seq));
        self.kept.push(snapshot);
        if self.kept.len() > KEPT_MAX {
            self.doublings += 1;
            let mut number = 0;
            removed.extend(self.kept.extract_if(.., |_| {
                number += 1;
                number % 2 == 0
            }));
        }
        removed
    }

    /// The newest that has no commit after `at`.
    pub(super) fn newest_until(&self, at: Seq) -> Option<KeptSnapshot> {
        let kept = self.kept.iter().rev();
        kept.copied().find(|snapshot| snapshot.seq <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_is_kept_at_equal_distances() {
        let mut index = Index::default();
        let mut stored = std::collections::BTreeSet::new();
        for made in 1..=5_000_u64 {
            let seq = made * 10;
            if index.keeps_next() {
                let removed = index.add(KeptSnapshot { seq, parts: 1 });
                stored.insert(seq);
                for snapshot in removed {
                    assert!(stored.remove(&snapshot.seq));
                }
            }
            let kept: Vec<Seq> = index.kept.iter().map(|snapshot| snapshot.seq).collect();
            assert!(stored.iter().eq(kept.iter()));
            assert!(kept.len() <= KEPT_MAX);
            assert_eq!(kept[0], 10);
            // The way from any commit back to a snapshot is short beside the whole log.
            let distance = 10 * (1 << index.doublings);
            assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == distance));
            assert!(seq - kept[kept.len() - 1] <= distance);
            assert!(distance <= 10.max(seq / 16));
        }
    }

    #[test]
    fn the_newest_before_a_commit_is_found() {
        let mut index = Index::default();
        assert_eq!(index.newest_until(7), None);
        for seq in [5, 10, 15] {
            assert!(index.keeps_next());
            assert!(index.add(KeptSnapshot { seq, parts: 1 }).is_empty());
        }
        for (at, found) in [(4, None), (5, Some(5)), (14, Some(10)), (99, Some(15))] {
            let newest = index.newest_until(at);
            assert_eq!(newest.map(|snapshot| snapshot.seq), found, "{at}");
        }
        // One of a writer that had lost the log: what follows is another past.
        let removed = index.add(KeptSnapshot { seq: 9, parts: 1 });
        assert_eq!(removed.len(), 2);
        assert_eq!(index.newest_until(99).map(|snapshot| snapshot.seq), Some(9));
    }
}
