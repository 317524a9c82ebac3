//! A parsed schema.

use crate::node::{Node, NodeId};

/// A JSON Schema that values can be checked against.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The first is the root.
    nodes: Vec<Node>,
}

impl Schema {
    pub(crate) const ROOT: NodeId = 0;

    /// The caller guarantees what `parse` checks: each id is an index of `nodes`, and no schema refers
    /// to itself without descending into a part of the value.
    pub(crate) fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// Follows references while they are the only constraint.
    pub(crate) fn dereference(&self, id: NodeId) -> NodeId {
        let mut id = id;
        while let Some(target) = self.node(id).pure_reference() {
            id = target;
        }
        id
    }
}
