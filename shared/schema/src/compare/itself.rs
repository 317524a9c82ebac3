//! What is said about a value itself: its kind, its options, numbers and strings.

use std::fmt;

use serde_json::Value;

use super::Comparer;
use super::view::View;
use crate::complaint::{Complaint, Count, Options};
use crate::kind::Kinds;
use crate::node::{Node, NodeId};
use crate::number::Number;

impl<'a> Comparer<'a> {
    /// `values` are all that may fit `old`.
    pub(super) fn compare_values(&mut self, old: &View<'a>, values: &[Value], id: NodeId) {
        if !self.spend(values.len()) {
            return;
        }
        let values = old.fitting(values, &mut self.old_checker);
        let is_gone = |value: &&Value| !self.new_checker.holds_apart(id, value);
        let gone: Vec<_> = values.iter().filter(is_gone).cloned().collect();
        if !gone.is_empty() {
            self.report(format_args!("may no longer be {}", Options(&gone)));
        }
    }

    pub(super) fn compare_itself(&mut self, old: &View<'a>, new: &Node) {
        let gone = old.kinds().without(new.kinds);
        if !gone.is_empty() {
            self.report(format_args!("may no longer be {gone}"));
        }
        for options in &new.options {
            self.report(now(&Complaint::Option(options)));
        }
        if old.kinds().meets(Kinds::NUMBER) {
            self.compare_numbers(old, new);
        }
        if old.kinds().meets(Kinds::STRING) {
            self.compare_texts(old, new);
        }
    }

    fn compare_numbers(&mut self, old: &View<'a>, new: &Node) {
        let lowest = lowest(old);
        let highest = highest(old);
        let rules = &new.number;
        let is_above = |limit| lowest.is_some_and(|lowest| lowest >= limit);
        let is_below = |limit| highest.is_some_and(|highest| highest <= limit);
        let has_step = |step: Number| {
            let steps = old.nodes().filter_map(|node| node.number.multiple_of);
            steps.into_iter().any(|old| is_multiple(old, step))
        };
        let found = [
            (rules.minimum.filter(|limit| !is_above((*limit, false)))).map(Complaint::TooLow),
            (rules.above.filter(|limit| !is_above((*limit, true)))).map(Complaint::NotAbove),
            (rules.maximum.filter(|limit| !is_below((*limit, true)))).map(Complaint::TooHigh),
            (rules.below.filter(|limit| !is_below((*limit, false)))).map(Complaint::NotBelow),
            (rules.multiple_of.filter(|step| !has_step(*step))).map(Complaint::NotMultiple),
        ];
        for complaint in found.into_iter().flatten() {
            self.report(now(&complaint));
        }
    }

    fn compare_texts(&mut self, old: &View<'a>, new: &Node) {
        let counts = Counts {
            of: "character",
            old_min: old.nodes().map(|node| node.text.length_min).max(),
            old_max: old.nodes().filter_map(|node| node.text.length_max).min(),
            min: new.text.length_min,
            max: new.text.length_max,
        };
        self.compare_counts(&counts);
        if let Some(pattern) = &new.text.pattern {
            let is_known = |node: &Node| node.text.pattern.as_ref() == Some(pattern);
            if !old.nodes().any(is_known) {
                self.report(now(&Complaint::Pattern(pattern.0.as_str())));
            }
        }
    }

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

/// How many of something a value may have.
pub(super) struct Counts {
    pub(super) of: &'static str,
    pub(super) old_min: Option<u64>,
    pub(super) old_max: Option<u64>,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

fn now(complaint: &Complaint<'_>) -> impl fmt::Display {
    format!("now {complaint}")
}

/// The highest lower limit, and whether it is excluded itself.
fn lowest(old: &View<'_>) -> Option<(Number, bool)> {
    let limits = old.nodes().flat_map(|node| {
        let included = node.number.minimum.map(|limit| (limit, false));
        [included, node.number.above.map(|limit| (limit, true))]
    });
    match limits.flatten().max() {
        Some((Number::Whole(limit), true)) if !old.kinds().meets(Kinds::FRACTION) => {
            Some((Number::Whole(limit.saturating_add(1)), false))
        }
        limit => limit,
    }
}

/// The lowest upper limit, and whether it is included itself.
fn highest(old: &View<'_>) -> Option<(Number, bool)> {
    let limits = old.nodes().flat_map(|node| {
        let included = node.number.maximum.map(|limit| (limit, true));
        [included, node.number.below.map(|limit| (limit, false))]
    });
    match limits.flatten().min() {
        Some((Number::Whole(limit), false)) if !old.kinds().meets(Kinds::FRACTION) => {
            Some((Number::Whole(limit.saturating_sub(1)), true))
        }
        limit => limit,
    }
}

/// Whether each multiple of `old` is one of `new`.
fn is_multiple(old: Number, new: Number) -> bool {
    match (old, new) {
        (Number::Whole(old), Number::Whole(new)) => old.checked_rem(new) == Some(0),
        (old, new) => old == new,
    }
}
