//! Whether everything that fitted one schema fits another.
//!
//! The old schema is looked at as a [`View`]: all that several of its nodes say about one value
//! together. The new one is taken apart: each of its keywords must follow from the view. What can't
//! be shown to follow counts as incompatible, so that "compatible" can be relied on.

mod fields;
mod forms;
mod items;
mod itself;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::view::{Cases, View};
use crate::check::Checker;
use crate::node::{Node, NodeId};
use crate::path::{Path, Step};
use crate::schema::Schema;

/// The most steps that a comparison takes, some per pair of schemas: about 100 ms. Types of some
/// dozens of fields need some hundreds.
const STEPS_MAX: usize = 40_000;
/// The most schemas about one value within each other: each level is one of the stack.
const LEVELS_MAX: usize = 128;

/// One thing that was valid, and is not any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incompatibility {
    /// Where, in a value: `items[].price`; empty for the whole value.
    pub path: String,
    /// A sentence for people: `customer.name is now required`.
    pub reason: String,
    /// Whether it can only meet values with a field that the old schema does not mention, as when an
    /// optional field is added: JSON Schema lets such a field hold anything, unless
    /// `additionalProperties` says otherwise. Whoever sends only what it declares is not affected.
    pub undeclared: bool,
}

/// What fits `old` and may not fit `new`, sorted by path; nothing if each value that fits `old` fits
/// `new`.
///
/// It errs on the safe side: what it does not understand counts, unless it is the same in both.
pub fn incompatibilities(old: &Schema, new: &Schema) -> Vec<Incompatibility> {
    let mut comparer = Comparer {
        old,
        new,
        old_checker: Checker::new(old),
        new_checker: Checker::new(new),
        seen: BTreeSet::new(),
        trail: Vec::new(),
        same: BTreeMap::new(),
        later: VecDeque::new(),
        steps_left: STEPS_MAX,
        levels: 0,
        gave_up: false,
        path: Path::default(),
        undeclared: false,
        found: Vec::new(),
    };
    comparer.compare(&View::new(old, [Schema::ROOT]), Schema::ROOT);
    comparer.compare_parts();
    (comparer.path, comparer.undeclared) = (Path::default(), false);
    if comparer.gave_up || comparer.old_checker.gave_up() || comparer.new_checker.gave_up() {
        comparer.report("is too complex to be compared");
    }
    comparer.found.sort_unstable();
    comparer.found.dedup();
    comparer.found
}

/// A comparison under way.
struct Comparer<'a> {
    old: &'a Schema,
    new: &'a Schema,
    old_checker: Checker<'a>,
    new_checker: Checker<'a>,
    /// What was compared, or is being compared: met again, it would bring up nothing new. That is
    /// what ends the comparison of schemas that refer to themselves.
    seen: BTreeSet<Pair<'a>>,
    /// The pairs of `seen`, in the order in which they were met.
    trail: Vec<Pair<'a>>,
    /// Which of the old nodes say the same as which of the new ones, as far as it is known.
    same: BTreeMap<(NodeId, NodeId), bool>,
    /// The parts of values that are yet to be compared, the outer ones first: what is found in
    /// several places is reported with the shortest path.
    later: VecDeque<(Pair<'a>, Path)>,
    steps_left: usize,
    levels: usize,
    /// Steps or levels ran out: what was found is not all.
    gave_up: bool,
    path: Path,
    /// Whether we are within a field that the old schema does not mention.
    undeclared: bool,
    found: Vec<Incompatibility>,
}

/// What is old, what is new, and whether that is within a field which the old schema does not mention.
type Pair<'a> = (View<'a>, NodeId, bool);

impl<'a> Comparer<'a> {
    /// Reports what fits `old`, and may not fit the new schema's node `id`; of their parts, later.
    fn compare(&mut self, old: &View<'a>, id: NodeId) {
        let id = self.new.meant(id);
        let pair = (old.clone(), id, self.undeclared);
        let is_done = old.kinds().is_empty() || self.seen.contains(&pair);
        if is_done || !self.spend(1 + old.size()) {
            return;
        }
        self.seen.insert(pair.clone());
        self.trail.push(pair);
        self.gave_up |= self.levels == LEVELS_MAX;
        if self.gave_up {
            return;
        }
        self.levels += 1;
        match old.cases() {
            Cases::Values(values) => self.compare_values(old, &values, id),
            // Much that can't be shown to follow is at least the same.
            _ if old.ids().any(|old| self.is_same(old, id)) => {}
            Cases::Forms(forms) => {
                for form in &forms {
                    self.compare(form, id);
                }
            }
            Cases::One => self.compare_keywords(old, id),
        }
        self.levels -= 1;
    }

    /// Compares what was left for later.
    fn compare_parts(&mut self) {
        while let Some(((old, id, undeclared), path)) = self.later.pop_front() {
            self.path = path;
            self.undeclared = undeclared;
            if !old.is_anything() {
                self.compare(&old, id);
            } else if !self.attempt(&old, id).is_empty() {
                self.report("may no longer be just anything");
            }
        }
    }

    fn compare_part(&mut self, step: Step, old: View<'a>, id: NodeId) {
        let mut path = self.path.clone();
        path.push(step);
        self.later.push_back(((old, id, self.undeclared), path));
    }

    /// Every keyword of the new node must follow from `old`.
    fn compare_keywords(&mut self, old: &View<'a>, id: NodeId) {
        let new = self.new.node(id);
        self.compare_itself(old, new);
        self.compare_items(old, new);
        self.compare_fields(old, new);
        for part in new.reference.iter().chain(&new.all_of) {
            self.compare(old, *part);
        }
        self.compare_forms(old, id);
    }

    fn spend(&mut self, steps: usize) -> bool {
        self.gave_up |= steps > self.steps_left;
        self.steps_left = self.steps_left.saturating_sub(steps);
        !self.gave_up
    }

    /// What comparing `old` with the new node `id` finds, which is not reported. Unless that is
    /// nothing, it is as if it had not been tried.
    fn attempt(&mut self, old: &View<'a>, id: NodeId) -> Vec<Incompatibility> {
        let found_before = std::mem::take(&mut self.found);
        let later_before = std::mem::take(&mut self.later);
        let place_before = (self.path.clone(), self.undeclared);
        let seen_before = self.trail.len();
        self.compare(old, id);
        self.compare_parts();
        (self.path, self.undeclared) = place_before;
        self.later = later_before;
        let found = std::mem::replace(&mut self.found, found_before);
        if !found.is_empty() {
            for pair in self.trail.drain(seen_before..) {
                self.seen.remove(&pair);
            }
        }
        found
    }

    fn within(&mut self, step: Step, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    /// As `visit` does, of a field that the old schema mentions or not.
    fn within_mentioned(&mut self, is_mentioned: bool, visit: impl FnOnce(&mut Self)) {
        let undeclared = self.undeclared;
        self.undeclared |= !is_mentioned;
        visit(self);
        self.undeclared = undeclared;
    }

    /// `what` ends the sentence that begins with the path.
    fn report(&mut self, what: impl std::fmt::Display) {
        let path = self.path.to_string();
        let subject = if path.is_empty() { "the data" } else { &path };
        self.found.push(Incompatibility {
            reason: format!("{subject} {what}"),
            path,
            undeclared: self.undeclared,
        });
    }

    /// Whether both say the same: `false` when in doubt.
    fn is_same(&mut self, old: NodeId, new: NodeId) -> bool {
        let mut assumed = BTreeSet::new();
        let mut open = vec![(old, new)];
        while let Some(pair) = open.pop() {
            let known = self.same.get(&pair).copied();
            if known == Some(true) || !assumed.insert(pair) {
                continue;
            }
            let parts = match known {
                Some(_) => None,
                None => self.parts_of_same(pair),
            };
            let Some(parts) = parts else {
                self.same.extend([(pair, false), ((old, new), false)]);
                return false;
            };
            open.extend(parts);
        }
        self.same
            .extend(assumed.into_iter().map(|pair| (pair, true)));
        true
    }

    /// The parts that must be the same for two nodes to be; `None` if they differ beside them.
    fn parts_of_same(&mut self, (old, new): (NodeId, NodeId)) -> Option<Vec<(NodeId, NodeId)>> {
        let (old, old_parts) = self.old.node(old).taken_apart();
        let (new, new_parts) = self.new.node(new).taken_apart();
        let options = old.options.iter().map(Vec::len).sum::<usize>();
        let is_same = self.spend(1 + options) && old == new && old_parts.len() == new_parts.len();
        is_same.then(|| old_parts.into_iter().zip(new_parts).collect())
    }

    /// Whether some node of `old` has the same parts as `new` there, and at least one.
    fn has_same(&mut self, old: &View<'a>, new: &Node, parts: fn(&Node) -> Vec<NodeId>) -> bool {
        let new = parts(new);
        old.nodes().any(|node| {
            let old = parts(node);
            let mut pairs = old.iter().zip(&new);
            old.len() == new.len() && pairs.all(|(old, new)| self.is_same(*old, *new))
        })
    }
}
