//! Combinators: `anyOf`, `oneOf`, `not`, and `if`.

use super::comparer::Comparer;
use super::view::{Cases, View};
use crate::kind::Kinds;
use crate::node::{Node, NodeId};

/// The depth to which two alternatives are searched for a difference: a tag is a field, and may be
/// one of several.
const TAG_DEPTH_MAX: usize = 2;

impl<'a> Comparer<'a> {
    pub(super) fn compare_combinators(&mut self, old: &View<'a>, id: NodeId) {
        let new = self.new.node(id);
        let any_of = |node: &Node| node.any_of.clone();
        if !new.any_of.is_empty() && !self.has_equivalent(old, new, any_of) {
            self.compare_any_of(old, id);
        }
        let one_of = |node: &Node| node.one_of.clone();
        if !new.one_of.is_empty() && !self.has_equivalent(old, new, one_of) {
            self.compare_one_of(old, id);
        }
        if let Some(not) = new.not {
            let excluded = |node: &Node| node.not.into_iter().collect();
            if !self.has_equivalent(old, new, excluded) && !self.is_disjoint(old, not) {
                self.report("may no longer be all that it was: more is excluded");
            }
        }
        self.compare_condition(old, new);
    }

    fn compare_any_of(&mut self, old: &View<'a>, id: NodeId) {
        let overlapping = self.overlapping(old, &self.new.node(id).any_of);
        if let [alternative] = overlapping[..] {
            return self.compare(old, alternative);
        }
        let mut nearest = None;
        for alternative in overlapping {
            let found = self.attempt(old, alternative);
            if found.is_empty() {
                return;
            }
            if found.iter().all(|found| found.undeclared) {
                nearest = Some(found);
            }
        }
        match nearest {
            Some(found) => self.found.extend(found),
            None => self.compare_by_kind(old, id, "may have a form that is no longer allowed"),
        }
    }

    fn compare_one_of(&mut self, old: &View<'a>, id: NodeId) {
        let overlapping = self.overlapping(old, &self.new.node(id).one_of);
        match overlapping[..] {
            [] => self.compare_by_kind(old, id, "may have a form that is no longer allowed"),
            [alternative] => self.compare(old, alternative),
            _ => self.compare_by_kind(old, id, "may fit more than one of the new forms"),
        }
    }

    /// The alternatives that a value which fits `old` may fit.
    fn overlapping(&mut self, old: &View<'a>, alternatives: &[NodeId]) -> Vec<NodeId> {
        let overlapping = alternatives
            .iter()
            .filter(|id| !self.is_disjoint(old, **id));
        overlapping.copied().collect()
    }

    /// Compares each kind separately: a string may fit one alternative, and null another.
    fn compare_by_kind(&mut self, old: &View<'a>, id: NodeId, otherwise: &str) {
        let kinds: Vec<Kinds> = old.kinds().each().collect();
        if let [_] = kinds[..] {
            return self.report(otherwise);
        }
        for kind in kinds {
            self.compare(&old.limited(kind), id);
        }
    }

    fn compare_condition(&mut self, old: &View<'a>, new: &Node) {
        let all = |node: &Node| match node.condition {
            None => Vec::new(),
            Some(condition) => {
                let parts = [Some(condition), node.then, node.otherwise];
                parts.into_iter().flatten().collect()
            }
        };
        let shape = |node: &Node| (node.then.is_some(), node.otherwise.is_some());
        let is_alike = old
            .nodes()
            .all(|node| node.condition.is_none() || shape(node) == shape(new));
        if new.condition.is_some() && !(is_alike && self.has_equivalent(old, new, all)) {
            for part in [new.then, new.otherwise].into_iter().flatten() {
                self.compare(old, part);
            }
        }
    }

    /// Whether no value fits both: `false` when in doubt.
    fn is_disjoint(&mut self, old: &View<'a>, id: NodeId) -> bool {
        let new = View::new(self.new, [id]);
        (0..=TAG_DEPTH_MAX).any(|depth| self.are_disjoint(old, &new, depth))
    }

    /// Searches no deeper than `depth`.
    fn are_disjoint(&mut self, old: &View<'a>, new: &View<'a>, depth: usize) -> bool {
        let kinds = old.kinds().and(new.kinds());
        if kinds.is_empty() {
            return true;
        }
        if !self.spend(1) {
            return false;
        }
        let deeper = depth.checked_sub(1);
        match (old.cases(), new.cases()) {
            (Cases::Values(values), _) | (_, Cases::Values(values)) => {
                let both = old.fitting(&values, &mut self.old_checker);
                self.spend(values.len()) && new.fitting(&both, &mut self.new_checker).is_empty()
            }
            (Cases::Alternatives(alternatives), _) => deeper.is_some_and(|depth| {
                let mut alternatives = alternatives.iter();
                alternatives.all(|old| self.are_disjoint(old, new, depth))
            }),
            (_, Cases::Alternatives(alternatives)) => deeper.is_some_and(|depth| {
                let mut alternatives = alternatives.iter();
                alternatives.all(|new| self.are_disjoint(old, new, depth))
            }),
            (Cases::Single, Cases::Single) if kinds == Kinds::OBJECT => {
                deeper.is_some_and(|depth| {
                    let required = old.required().into_iter().chain(new.required());
                    let mut fields = required.map(|name| (old.field(name), new.field(name)));
                    fields.any(|(old, new)| self.are_disjoint(&old, &new, depth))
                })
            }
            (Cases::Single, Cases::Single) => false,
        }
    }
}
