//! The way from the root of a tree to one of its values.

use crate::fault::{Fault, Position};
use crate::yaml::Node;

/// A step on the way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Segment<'n> {
    Root,
    Field(&'n str),
    Item(usize),
}

/// A value and the way to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trail<'t, 'n> {
    pub(super) parent: Option<&'t Trail<'t, 'n>>,
    pub(super) segment: Segment<'n>,
    pub(super) node: &'n Node,
}

impl Trail<'_, '_> {
    /// `entities[2].abilities[0]`, after the path of the root.
    pub(super) fn path(&self, root: &str) -> String {
        let mut path = match self.parent {
            Some(parent) => parent.path(root),
            None => root.to_owned(),
        };
        match self.segment {
            Segment::Root => {}
            Segment::Field(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Segment::Item(index) => path.push_str(&format!("[{index}]")),
        }
        path
    }

    /// The value and those that it is in, from the inside.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let mut nodes = vec![node_id(self.node)];
        let mut next = self.parent;
        while let Some(trail) = next {
            nodes.push(node_id(trail.node));
            next = trail.parent;
        }
        nodes
    }

    pub(super) fn fault(&self, root: &str, position: Position, reason: String) -> Fault {
        Fault {
            path: self.path(root),
            position: Some(position),
            reason,
        }
    }
}

/// Identifies a value of a tree while the tree does not change.
pub(super) type NodeId = usize;

pub(super) fn node_id(node: &Node) -> NodeId {
    std::ptr::from_ref(node).addr()
}
