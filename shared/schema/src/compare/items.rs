//! The constraints on the items of an array.

use super::comparer::Comparer;
use super::counts::Counts;
use super::view::View;
use crate::constraints::Violation;
use crate::kind::Kinds;
use crate::node::Node;
use crate::path::Step;

impl<'a> Comparer<'a> {
    pub(super) fn compare_items(&mut self, old: &View<'a>, new: &Node) {
        if !old.kinds().meets(Kinds::ARRAY) {
            return;
        }
        let rules = &new.array;
        let count_max = old.nodes().filter_map(|node| node.array.count_max).min();
        self.compare_counts(&Counts {
            of: "item",
            old_min: old.nodes().map(|node| node.array.count_min).max(),
            old_max: count_max,
            min: rules.count_min,
            max: rules.count_max,
        });
        let was_unique = old.nodes().any(|node| node.array.unique);
        if rules.unique && !was_unique && count_max.is_none_or(|max| max > 1) {
            self.report(format_args!("now {}", Violation::NotUnique));
        }
        if rules.contains.is_some() && !self.has_equivalent_contains(old, new) {
            self.report("now must contain something else");
        }
        let first_lengths = old.nodes().map(|node| node.array.first.len());
        let first = first_lengths.max().unwrap_or(0).max(rules.first.len());
        let may_have = |index: usize| count_max.is_none_or(|max| max > index as u64);
        for index in (0..first).take_while(|index| may_have(*index)) {
            if let Some(part) = rules.schema_of(index) {
                self.queue_part(Step::Item(index), old.item(index), part);
            }
        }
        if let Some(rest) = rules.rest.filter(|_| may_have(first)) {
            self.queue_part(Step::EachItem, old.item(first), rest);
        }
    }

    fn has_equivalent_contains(&mut self, old: &View<'a>, new: &Node) -> bool {
        let counts = |node: &Node| (node.array.contains_min, node.array.contains_max);
        old.nodes().any(|node| {
            let both = node.array.contains.zip(new.array.contains);
            counts(node) == counts(new)
                && both.is_some_and(|(old, new)| self.is_equivalent(old, new))
        })
    }
}
