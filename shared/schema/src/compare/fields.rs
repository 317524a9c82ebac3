//! What is said about the fields of an object.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Comparer;
use super::itself::Counts;
use super::view::View;
use crate::complaint::Complaint;
use crate::kind::Kinds;
use crate::node::Node;
use crate::path::Step;

impl<'a> Comparer<'a> {
    pub(super) fn compare_fields(&mut self, old: &View<'a>, new: &Node) {
        if !old.kinds().meets(Kinds::OBJECT) {
            return;
        }
        self.compare_counts(&Counts {
            of: "field",
            old_min: old.nodes().map(|node| node.object.count_min).max(),
            old_max: old.nodes().filter_map(|node| node.object.count_max).min(),
            min: new.object.count_min,
            max: new.object.count_max,
        });
        for name in &new.object.required {
            if !old.requires(name) {
                self.within_field(name, |comparer| comparer.report("is now required"));
            }
        }
        self.compare_beside(old, new);
        self.compare_named(old, new);
        self.compare_others(old, new);
        self.compare_names(old, new);
    }

    /// What is said because a field is there.
    fn compare_beside(&mut self, old: &View<'a>, new: &Node) {
        for (beside, names) in &new.object.required_beside {
            let was_required = |name: &String| {
                let together = |node: &Node| {
                    let names = node.object.required_beside.get(beside);
                    names.is_some_and(|names| names.contains(name))
                };
                old.requires(name) || old.nodes().any(together)
            };
            if old.field(beside).kinds().is_empty() {
                continue;
            }
            for name in names.iter().filter(|name| !was_required(name)) {
                self.within_mentioned(old.mentions(beside), |comparer| {
                    comparer.within_field(name, |comparer| {
                        comparer.report(format_args!("now {}", Complaint::MissingBeside(beside)));
                    });
                });
            }
        }
        for (beside, part) in &new.object.whole_beside {
            let same = |node: &Node| {
                let old = node.object.whole_beside.get(beside).copied();
                old.is_some_and(|old| self.is_same(old, *part))
            };
            if !old.field(beside).kinds().is_empty() && !old.nodes().any(same) {
                self.within_mentioned(old.mentions(beside), |comparer| {
                    comparer.compare(old, *part);
                });
            }
        }
    }

    /// The fields that one of the two knows by name.
    fn compare_named(&mut self, old: &View<'a>, new: &Node) {
        let mut names: BTreeSet<&String> = new.object.fields.keys().collect();
        names.extend(old.nodes().flat_map(|node| node.object.fields.keys()));
        for name in names {
            self.within_mentioned(old.mentions(name), |comparer| {
                for part in new.object.about(name) {
                    comparer.compare_part(Step::Field(name.clone()), old.field(name), part);
                }
            });
        }
    }

    /// The fields that neither of the two knows by name.
    fn compare_others(&mut self, old: &View<'a>, new: &Node) {
        let rules = &new.object;
        for (pattern, part) in old.nodes().flat_map(|node| &node.object.patterns) {
            // A field of this pattern may match each of the new ones, which it then has to fit.
            let is_known = rules.patterns.iter().any(|(known, _)| known == pattern);
            let others = rules.others.filter(|_| !is_known);
            for about in rules.patterns.iter().map(|(_, about)| *about).chain(others) {
                self.compare_part(Step::OtherField, old.part(*part), about);
            }
        }
        let patterns: Vec<_> = old.nodes().flat_map(|node| &node.object.patterns).collect();
        let is_new = |pattern| patterns.iter().all(|(known, _)| known != pattern);
        let new_patterns = rules.patterns.iter().filter(|(pattern, _)| is_new(pattern));
        let about: Vec<_> = new_patterns
            .map(|(_, about)| *about)
            .chain(rules.others)
            .collect();
        self.within_mentioned(old.mentions_other_fields(), |comparer| {
            for about in about {
                comparer.compare_part(Step::OtherField, old.other_fields(), about);
            }
        });
    }

    fn compare_names(&mut self, old: &View<'a>, new: &Node) {
        let Some(names) = new.object.names else {
            return;
        };
        if let Some(old) = old.names() {
            return self.compare_part(Step::OtherField, old, names);
        }
        for name in old.nodes().flat_map(|node| node.object.fields.keys()) {
            let is_impossible = old.field(name).kinds().is_empty();
            let name_value = Value::from(name.as_str());
            if !is_impossible && !self.new_checker.holds_apart(names, &name_value) {
                self.within_field(name, |comparer| comparer.report("may no longer be there"));
            }
        }
        let has_patterns = old.nodes().any(|node| !node.object.patterns.is_empty());
        if has_patterns || !old.other_fields().kinds().is_empty() {
            let is_mentioned = has_patterns || old.mentions_other_fields();
            self.within_mentioned(is_mentioned, |comparer| {
                comparer.within(Step::OtherField, |comparer| {
                    comparer.report("may no longer have any name");
                });
            });
        }
    }

    fn within_field(&mut self, name: &str, visit: impl FnOnce(&mut Self)) {
        self.within(Step::Field(name.to_owned()), visit);
    }
}
