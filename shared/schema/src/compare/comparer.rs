//! The state of a comparison, and the recursion through both schemas.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::incompatibility::Incompatibility;
use super::view::{Cases, View};
use crate::check::Checker;
use crate::node::NodeId;
use crate::path::{Path, Step};
use crate::schema::Schema;

/// The most steps of a comparison, some per pair of schemas: about 100 ms. Types of some dozens of
/// fields need some hundreds.
const STEPS_MAX: usize = 40_000;
/// The most levels of schemas about one value: each is a level of the stack.
const LEVELS_MAX: usize = 128;

/// A comparison of two schemas, within a limited number of steps.
pub(super) struct Comparer<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) old_checker: Checker<'a>,
    pub(super) new_checker: Checker<'a>,
    /// The pairs that were compared or are being compared: compared again, they would add nothing
    /// new. This ends the comparison of schemas that refer to themselves.
    seen: BTreeSet<Pair<'a>>,
    /// The pairs of `seen`, in the order in which they were inserted.
    trail: Vec<Pair<'a>>,
    /// Whether an old and a new node are equivalent, as far as it is known.
    pub(super) equivalent: BTreeMap<(NodeId, NodeId), bool>,
    /// The parts of values that are not compared yet, the outer ones first: an incompatibility with
    /// several paths is reported with the shortest one.
    queue: VecDeque<(Pair<'a>, Path)>,
    steps_left: usize,
    levels: usize,
    /// Steps or levels ran out: the result is incomplete.
    is_exhausted: bool,
    path: Path,
    /// Whether `path` is within a field that the old schema does not declare.
    undeclared: bool,
    pub(super) found: Vec<Incompatibility>,
}

/// A view of the old schema, a node of the new one, and whether they are within a field that the old
/// schema does not declare.
type Pair<'a> = (View<'a>, NodeId, bool);

impl<'a> Comparer<'a> {
    pub(super) fn new(old: &'a Schema, new: &'a Schema) -> Self {
        Self {
            old,
            new,
            old_checker: Checker::new(old),
            new_checker: Checker::new(new),
            seen: BTreeSet::new(),
            trail: Vec::new(),
            equivalent: BTreeMap::new(),
            queue: VecDeque::new(),
            steps_left: STEPS_MAX,
            levels: 0,
            is_exhausted: false,
            path: Path::default(),
            undeclared: false,
            found: Vec::new(),
        }
    }

    /// Compares the roots and all parts.
    pub(super) fn run(mut self) -> Vec<Incompatibility> {
        self.compare(&View::new(self.old, [Schema::ROOT]), Schema::ROOT);
        self.compare_queued_parts();
        (self.path, self.undeclared) = (Path::default(), false);
        let checkers_exhausted = self.old_checker.is_exhausted() || self.new_checker.is_exhausted();
        if self.is_exhausted || checkers_exhausted {
            self.report("is too complex to be compared");
        }
        self.found.sort_unstable();
        self.found.dedup();
        self.found
    }

    /// Reports what fits `old` and may not fit the node `id` of the new schema. Queues their parts.
    pub(super) fn compare(&mut self, old: &View<'a>, id: NodeId) {
        let id = self.new.dereference(id);
        let pair = (old.clone(), id, self.undeclared);
        let is_done = old.kinds().is_empty() || self.seen.contains(&pair);
        if is_done || !self.spend(1 + old.size()) {
            return;
        }
        self.seen.insert(pair.clone());
        self.trail.push(pair);
        self.is_exhausted |= self.levels == LEVELS_MAX;
        if self.is_exhausted {
            return;
        }
        self.levels += 1;
        match old.cases() {
            Cases::Values(values) => self.compare_values(old, &values, id),
            // Much of what can't be shown to follow is equivalent.
            _ if old.ids().any(|old| self.is_equivalent(old, id)) => {}
            Cases::Alternatives(alternatives) => {
                for alternative in &alternatives {
                    self.compare(alternative, id);
                }
            }
            Cases::Single => self.compare_keywords(old, id),
        }
        self.levels -= 1;
    }

    /// Compares the queued parts.
    fn compare_queued_parts(&mut self) {
        while let Some(((old, id, undeclared), path)) = self.queue.pop_front() {
            self.path = path;
            self.undeclared = undeclared;
            if !old.is_unconstrained() {
                self.compare(&old, id);
            } else if !self.attempt(&old, id).is_empty() {
                self.report("may no longer be just anything");
            }
        }
    }

    /// Queues a part of the value.
    pub(super) fn queue_part(&mut self, step: Step, old: View<'a>, id: NodeId) {
        let mut path = self.path.clone();
        path.push(step);
        self.queue.push_back(((old, id, self.undeclared), path));
    }

    /// Every keyword of the new node must follow from `old`.
    fn compare_keywords(&mut self, old: &View<'a>, id: NodeId) {
        let new = self.new.node(id);
        self.compare_scalar(old, new);
        self.compare_items(old, new);
        self.compare_fields(old, new);
        for part in new.reference.iter().chain(&new.all_of) {
            self.compare(old, *part);
        }
        self.compare_combinators(old, id);
    }

    /// Uses up steps. Returns whether there were enough.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.is_exhausted |= steps > self.steps_left;
        self.steps_left = self.steps_left.saturating_sub(steps);
        !self.is_exhausted
    }

    /// Compares `old` with the node `id` of the new schema without reporting the incompatibilities,
    /// but returns them. If there are any, the state is as before.
    pub(super) fn attempt(&mut self, old: &View<'a>, id: NodeId) -> Vec<Incompatibility> {
        let found_before = std::mem::take(&mut self.found);
        let queue_before = std::mem::take(&mut self.queue);
        let location_before = (self.path.clone(), self.undeclared);
        let trail_len_before = self.trail.len();
        self.compare(old, id);
        self.compare_queued_parts();
        (self.path, self.undeclared) = location_before;
        self.queue = queue_before;
        let found = std::mem::replace(&mut self.found, found_before);
        if !found.is_empty() {
            for pair in self.trail.drain(trail_len_before..) {
                self.seen.remove(&pair);
            }
        }
        found
    }

    pub(super) fn within(&mut self, step: Step, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    /// Visits a field that the old schema declares or not.
    pub(super) fn within_declared(&mut self, is_declared: bool, visit: impl FnOnce(&mut Self)) {
        let undeclared = self.undeclared;
        self.undeclared |= !is_declared;
        visit(self);
        self.undeclared = undeclared;
    }

    /// `statement` ends the sentence that begins with the path.
    pub(super) fn report(&mut self, statement: impl std::fmt::Display) {
        let path = self.path.to_string();
        let subject = if path.is_empty() { "the data" } else { &path };
        self.found.push(Incompatibility {
            reason: format!("{subject} {statement}"),
            path,
            undeclared: self.undeclared,
        });
    }
}
