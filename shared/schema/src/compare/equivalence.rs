//! Whether parts of the two schemas have the same constraints.

use std::collections::BTreeSet;

use super::comparer::Comparer;
use super::view::View;
use crate::node::{Node, NodeId};

impl<'a> Comparer<'a> {
    /// Whether both have the same constraints: `false` when in doubt.
    pub(super) fn is_equivalent(&mut self, old: NodeId, new: NodeId) -> bool {
        let mut assumed = BTreeSet::new();
        let mut open = vec![(old, new)];
        while let Some(pair) = open.pop() {
            let known = self.equivalent.get(&pair).copied();
            if known == Some(true) || !assumed.insert(pair) {
                continue;
            }
            let parts = match known {
                Some(_) => None,
                None => self.equivalent_parts(pair),
            };
            let Some(parts) = parts else {
                self.equivalent.extend([(pair, false), ((old, new), false)]);
                return false;
            };
            open.extend(parts);
        }
        self.equivalent
            .extend(assumed.into_iter().map(|pair| (pair, true)));
        true
    }

    /// The parts that must be equivalent if two nodes are to be; `None` if the nodes themselves differ.
    fn equivalent_parts(&mut self, (old, new): (NodeId, NodeId)) -> Option<Vec<(NodeId, NodeId)>> {
        let (old, old_parts) = self.old.node(old).split_parts();
        let (new, new_parts) = self.new.node(new).split_parts();
        let options = old.options.iter().map(Vec::len).sum::<usize>();
        let is_equal = self.spend(1 + options) && old == new && old_parts.len() == new_parts.len();
        is_equal.then(|| old_parts.into_iter().zip(new_parts).collect())
    }

    /// Whether a node of `old` has parts that are equivalent to those of `new`.
    pub(super) fn has_equivalent(
        &mut self,
        old: &View<'a>,
        new: &Node,
        parts: fn(&Node) -> Vec<NodeId>,
    ) -> bool {
        let new = parts(new);
        old.nodes().any(|node| {
            let old = parts(node);
            let mut pairs = old.iter().zip(&new);
            old.len() == new.len() && pairs.all(|(old, new)| self.is_equivalent(*old, *new))
        })
    }
}
