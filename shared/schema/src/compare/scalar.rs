//! The constraints on a value itself: its kind, its options, numbers and strings.

use std::fmt;

use serde_json::Value;

use super::comparer::Comparer;
use super::counts::Counts;
use super::view::View;
use crate::constraints::{Options, Violation};
use crate::kind::Kinds;
use crate::node::{Node, NodeId};
use crate::number::Number;

impl<'a> Comparer<'a> {
    /// `values` are all values that may fit `old`.
    pub(super) fn compare_values(&mut self, old: &View<'a>, values: &[Value], id: NodeId) {
        if !self.spend(values.len()) {
            return;
        }
        let values = old.fitting(values, &mut self.old_checker);
        let is_removed = |value: &&Value| !self.new_checker.fits_temporary(id, value);
        let removed: Vec<_> = values.iter().filter(is_removed).cloned().collect();
        if !removed.is_empty() {
            self.report(format_args!("may no longer be {}", Options(&removed)));
        }
    }

    pub(super) fn compare_scalar(&mut self, old: &View<'a>, new: &Node) {
        let removed = old.kinds().without(new.kinds);
        if !removed.is_empty() {
            self.report(format_args!("may no longer be {removed}"));
        }
        for options in &new.options {
            self.report(now(&Violation::Option(options)));
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
            (rules.minimum.filter(|limit| !is_above((*limit, false)))).map(Violation::TooLow),
            (rules.above.filter(|limit| !is_above((*limit, true)))).map(Violation::NotAbove),
            (rules.maximum.filter(|limit| !is_below((*limit, true)))).map(Violation::TooHigh),
            (rules.below.filter(|limit| !is_below((*limit, false)))).map(Violation::NotBelow),
            (rules.multiple_of.filter(|step| !has_step(*step))).map(Violation::NotMultiple),
        ];
        for violation in found.into_iter().flatten() {
            self.report(now(&violation));
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
                self.report(now(&Violation::Pattern(pattern.0.as_str())));
            }
        }
    }
}

fn now(violation: &Violation<'_>) -> impl fmt::Display {
    format!("now {violation}")
}

/// The highest lower limit, and whether it is exclusive.
fn lowest(old: &View<'_>) -> Option<(Number, bool)> {
    let limits = old.nodes().flat_map(|node| {
        let included = node.number.minimum.map(|limit| (limit, false));
        [included, node.number.above.map(|limit| (limit, true))]
    });
    match limits.flatten().max() {
        Some((Number::Integer(limit), true)) if !old.kinds().meets(Kinds::FRACTION) => {
            Some((Number::Integer(limit.saturating_add(1)), false))
        }
        limit => limit,
    }
}

/// The lowest upper limit, and whether it is inclusive.
fn highest(old: &View<'_>) -> Option<(Number, bool)> {
    let limits = old.nodes().flat_map(|node| {
        let included = node.number.maximum.map(|limit| (limit, true));
        [included, node.number.below.map(|limit| (limit, false))]
    });
    match limits.flatten().min() {
        Some((Number::Integer(limit), false)) if !old.kinds().meets(Kinds::FRACTION) => {
            Some((Number::Integer(limit.saturating_sub(1)), true))
        }
        limit => limit,
    }
}

/// Whether each multiple of `old` is a multiple of `new`.
fn is_multiple(old: Number, new: Number) -> bool {
    match (old, new) {
        (Number::Integer(old), Number::Integer(new)) => old.checked_rem(new) == Some(0),
        (old, new) => old == new,
    }
}
