//! Where in the log the next samples are looked for.

use contract::Seq;

use crate::log::READ_COMMITS_MAX;

/// The commits of the first read: enough for a short range, and little when most are of others.
const FIRST_READ_COMMITS: usize = 8;
/// How much more each further read takes, while what it reads is needed.
const GROWTH: usize = 4;

/// Follows a sparse list of commits through the log.
///
/// Where the list is dense and the world busy with other things, it goes from one commit to the next.
/// Otherwise it reads on in the log, more and more at once.
pub(super) struct Cursor {
    /// The position of the first sample of a commit, and the commit; in order.
    commits: Vec<(u64, Seq)>,
    /// The last commit that was read.
    last: Seq,
    count: usize,
    /// Whether less than half of what was read last was of the stream.
    is_mostly_of_others: bool,
}

impl Cursor {
    pub(super) fn new(commits: Vec<(u64, Seq)>) -> Self {
        Self {
            commits,
            last: 0,
            count: FIRST_READ_COMMITS,
            is_mostly_of_others: false,
        }
    }

    /// Behind which commit to read for the sample at `position`, and how many.
    pub(super) fn next_read(&self, position: u64) -> (Seq, usize) {
        let behind = self
            .commits
            .partition_point(|(first, _)| *first <= position);
        let known = behind.checked_sub(1).map(|index| self.commits[index].1);
        match known.filter(|known| *known > self.last) {
            Some(known) if self.is_mostly_of_others => (known - 1, 1),
            Some(known) => (known - 1, self.count),
            None => (self.last, self.count),
        }
    }

    /// Notes that a read of `count` commits ended at `last`, and how many of them held samples.
    pub(super) fn read(&mut self, last: Seq, count: usize, useful: usize) {
        self.last = last;
        self.is_mostly_of_others = useful * 2 < count;
        self.count = (self.count * GROWTH).min(READ_COMMITS_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_all_of_the_log_is_read_in_growing_pieces() {
        let mut cursor = Cursor::new((0..9).map(|n| (n, n + 100)).collect());
        assert_eq!(cursor.next_read(0), (99, 8));
        cursor.read(107, 8, 8);
        assert_eq!(cursor.next_read(8), (107, 32));
        cursor.read(139, 32, 32);
        assert_eq!(cursor.next_read(40), (139, 128));
        cursor.read(267, 128, 128);
        assert_eq!(cursor.next_read(168), (267, 256));
        cursor.read(523, 256, 256);
        assert_eq!(cursor.next_read(424), (523, 256));
    }

    #[test]
    fn a_stream_with_little_in_the_log_is_read_commit_by_commit() {
        let mut cursor = Cursor::new(vec![(0, 100), (2, 500), (4, 900)]);
        assert_eq!(cursor.next_read(1), (99, 8));
        cursor.read(107, 8, 1);
        assert_eq!(cursor.next_read(2), (499, 1));
        cursor.read(500, 1, 1);
        assert_eq!(cursor.next_read(4), (899, 128));
    }

    #[test]
    fn what_is_not_in_the_list_is_looked_for_behind_it() {
        let mut cursor = Cursor::new(vec![(0, 100), (50, 900)]);
        cursor.read(107, 8, 1);
        assert_eq!(cursor.next_read(3), (107, 32));
        cursor.read(139, 32, 0);
        assert_eq!(cursor.next_read(3), (139, 128));
        assert_eq!(Cursor::new(Vec::new()).next_read(7), (0, 8));
    }
}
