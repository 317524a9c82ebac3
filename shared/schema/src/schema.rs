//! The schema of a document.

use crate::node::{Node, NodeId};

/// A JSON Schema, read and found to be one that can be checked.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The root is the first.
    nodes: Vec<Node>,
}

impl Schema {
    pub(crate) const ROOT: NodeId = 0;

    /// The caller vouches for what `parse` finds out: each id is an index of `nodes`, and no schema
    /// refers to itself without going into a part of the value.
    pub(crate) fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The schema that says what `id` says: itself, unless it only refers to another.
    pub(crate) fn meant(&self, id: NodeId) -> NodeId {
        let mut meant = id;
        while let Some(target) = self.node(meant).only_refers_to() {
            meant = target;
        }
        meant
    }
}
