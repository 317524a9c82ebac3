//! Limits on how many characters, items or fields a value may have.

use super::comparer::Comparer;
use crate::constraints::Count;

/// The limits on a count in both schemas.
pub(super) struct Counts {
    pub(super) of: &'static str,
    pub(super) old_min: Option<u64>,
    pub(super) old_max: Option<u64>,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

impl Comparer<'_> {
    pub(super) fn compare_counts(&mut self, counts: &Counts) {
        if counts.old_min.unwrap_or(0) < counts.min {
            let min = Count(counts.min, counts.of);
            self.report(format_args!("now must have at least {min}"));
        }
        if let Some(max) = counts.max
            && counts.old_max.is_none_or(|old| old > max)
        {
            let max = Count(max, counts.of);
            self.report(format_args!("now must have at most {max}"));
        }
    }
}
