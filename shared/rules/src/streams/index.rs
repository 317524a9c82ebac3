//! Where the samples of a stream are in the log.

use contract::Seq;
use serde::{Deserialize, Serialize};

/// Commits that hold samples of a stream, each with the position of the first one in it.
///
/// It is sparse: old commits are missing, the more of them the older they are. They are found by reading
/// the log from the entry before them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<u64>", into = "Vec<u64>")]
pub(super) struct Index {
    entries: Vec<(u64, Seq)>,
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a commit behind all others. Whether there was none of it: a commit may hold several batches.
    pub(super) fn push(&mut self, first: u64, seq: Seq) -> bool {
        let is_new = self.entries.last().is_none_or(|(_, last)| *last < seq);
        if is_new {
            self.entries.push((first, seq));
        }
        is_new
    }

    /// Drops every second entry but the first one. How many are dropped.
    pub(super) fn thin(&mut self) -> usize {
        let before = self.entries.len();
        let mut index = 0;
        self.entries.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        before - self.entries.len()
    }

    /// The entries from the last one at or before `from` on, up to those before `until`.
    pub(super) fn range(&self, from: u64, until: u64) -> &[(u64, Seq)] {
        let start = self.entries.partition_point(|(first, _)| *first <= from);
        let end = self.entries.partition_point(|(first, _)| *first < until);
        let start = start.saturating_sub(1);
        &self.entries[start..end.max(start)]
    }
}

/// Each number as its difference to the one of the entry before: they are small then.
impl From<Index> for Vec<u64> {
    fn from(index: Index) -> Self {
        let mut numbers = Self::with_capacity(index.entries.len() * 2);
        let (mut first, mut seq) = (0, 0);
        for entry in index.entries {
            numbers.push(entry.0 - first);
            numbers.push(entry.1 - seq);
            (first, seq) = entry;
        }
        numbers
    }
}

impl From<Vec<u64>> for Index {
    fn from(numbers: Vec<u64>) -> Self {
        let (mut first, mut seq) = (0_u64, 0_u64);
        let pairs = numbers.chunks_exact(2);
        let entries = pairs.map(|pair| {
            first = first.saturating_add(pair[0]);
            seq = seq.saturating_add(pair[1]);
            (first, seq)
        });
        Self {
            entries: entries.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(entries: &[(u64, Seq)]) -> Index {
        let mut index = Index::default();
        for (first, seq) in entries {
            index.push(*first, *seq);
        }
        index
    }

    #[test]
    fn a_commit_is_there_once_with_its_first_sample() {
        let mut found = index(&[(0, 3), (2, 3), (4, 9)]);
        assert_eq!(found.entries, [(0, 3), (4, 9)]);
        assert!(!found.push(7, 9));
        assert!(found.push(8, 10));
    }

    #[test]
    fn a_range_begins_with_the_commit_that_may_hold_its_first_sample() {
        let found = index(&[(0, 3), (4, 9), (6, 11), (9, 20)]);
        for (from, until, expected) in [
            (0, 1, &[(0, 3)][..]),
            (3, 4, &[(0, 3)]),
            (3, 5, &[(0, 3), (4, 9)]),
            (4, 9, &[(4, 9), (6, 11)]),
            (100, 200, &[(9, 20)]),
            (5, 5, &[(4, 9)]),
        ] {
            assert_eq!(found.range(from, until), expected, "{from} to {until}");
        }
        assert!(index(&[]).range(0, 9).is_empty());
    }

    #[test]
    fn it_survives_its_encoding_and_thinning_keeps_the_first() {
        let mut found = index(&[(0, 3), (4, 9), (6, 11), (9, 20), (10, 21)]);
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(text, "[0,3,4,6,2,2,3,9,1,1]");
        let again: Index = serde_json::from_str(&text).unwrap();
        assert_eq!(again.entries, found.entries);
        assert_eq!(found.thin(), 2);
        assert_eq!(found.entries, [(0, 3), (6, 11), (10, 21)]);
        assert_eq!(index(&[(5, 5)]).thin(), 0);
    }
}
