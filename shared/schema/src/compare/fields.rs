//! The constraints on the fields of an object.

use std::collections::BTreeSet;

use serde_json::Value;

use super::comparer::Comparer;
use super::counts::Counts;
use super::view::View;
use crate::constraints::Violation;
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
        self.compare_dependent(old, new);
        self.compare_named(old, new);
        self.compare_others(old, new);
        self.compare_names(old, new);
    }

    /// The constraints that apply because a field is present.
    fn compare_dependent(&mut self, old: &View<'a>, new: &Node) {
        for (present, names) in &new.object.dependent_required {
            let was_required = |name: &String| {
                let is_dependent = |node: &Node| {
                    let names = node.object.dependent_required.get(present);
                    names.is_some_and(|names| names.contains(name))
                };
                old.requires(name) || old.nodes().any(is_dependent)
            };
            if old.field(present).kinds().is_empty() {
                continue;
            }
            for name in names.iter().filter(|name| !was_required(name)) {
                self.within_declared(old.declares(present), |comparer| {
                    comparer.within_field(name, |comparer| {
                        comparer
                            .report(format_args!("now {}", Violation::MissingDependent(present)));
                    });
                });
            }
        }
        for (present, part) in &new.object.dependent_schemas {
            let has_equivalent = |node: &Node| {
                let old = node.object.dependent_schemas.get(present).copied();
                old.is_some_and(|old| self.is_equivalent(old, *part))
            };
            if !old.field(present).kinds().is_empty() && !old.nodes().any(has_equivalent) {
                self.within_declared(old.declares(present), |comparer| {
                    comparer.compare(old, *part);
                });
            }
        }
    }

    /// The fields that one of the schemas names.
    fn compare_named(&mut self, old: &View<'a>, new: &Node) {
        let mut names: BTreeSet<&String> = new.object.fields.keys().collect();
        names.extend(old.nodes().flat_map(|node| node.object.fields.keys()));
        for name in names {
            self.within_declared(old.declares(name), |comparer| {
                for part in new.object.schemas_of(name) {
                    comparer.queue_part(Step::Field(name.clone()), old.field(name), part);
                }
            });
        }
    }

    /// The fields that neither schema names.
    fn compare_others(&mut self, old: &View<'a>, new: &Node) {
        let rules = &new.object;
        for (pattern, part) in old.nodes().flat_map(|node| &node.object.patterns) {
            // A field of this pattern may match each of the new ones, and must fit their schemas then.
            let is_known = rules.patterns.iter().any(|(known, _)| known == pattern);
            let others = rules.others.filter(|_| !is_known);
            for schema in rules
                .patterns
                .iter()
                .map(|(_, schema)| *schema)
                .chain(others)
            {
                self.queue_part(Step::OtherField, old.part(*part), schema);
            }
        }
        let patterns: Vec<_> = old.nodes().flat_map(|node| &node.object.patterns).collect();
        let is_new = |pattern| patterns.iter().all(|(known, _)| known != pattern);
        let new_patterns = rules.patterns.iter().filter(|(pattern, _)| is_new(pattern));
        let schemas: Vec<_> = new_patterns
            .map(|(_, schema)| *schema)
            .chain(rules.others)
            .collect();
        self.within_declared(old.declares_other_fields(), |comparer| {
            for schema in schemas {
                comparer.queue_part(Step::OtherField, old.other_fields(), schema);
            }
        });
    }

    fn compare_names(&mut self, old: &View<'a>, new: &Node) {
        let Some(names) = new.object.names else {
            return;
        };
        if let Some(old) = old.names() {
            return self.queue_part(Step::OtherField, old, names);
        }
        for name in old.nodes().flat_map(|node| node.object.fields.keys()) {
            let is_impossible = old.field(name).kinds().is_empty();
            let name_value = Value::from(name.as_str());
            if !is_impossible && !self.new_checker.fits_temporary(names, &name_value) {
                self.within_field(name, |comparer| comparer.report("may no longer be there"));
            }
        }
        let has_patterns = old.nodes().any(|node| !node.object.patterns.is_empty());
        if has_patterns || !old.other_fields().kinds().is_empty() {
            let is_declared = has_patterns || old.declares_other_fields();
            self.within_declared(is_declared, |comparer| {
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
