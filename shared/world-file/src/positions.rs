//! Where the fields of a file are.

use crate::fault::{Fault, Position};
use crate::yaml::{Node, NodeValue};

/// Where the fields of a file are in its text.
#[derive(Debug, Clone)]
pub struct Positions(Node);

impl Positions {
    pub(crate) fn new(root: Node) -> Self {
        Self(root)
    }

    /// Where the field of this path is: `entities[2].agent`. When the file does not have it, the position is
    /// that of the field that it would be in.
    pub fn of(&self, path: &str) -> Position {
        let (mut node, mut rest) = (&self.0, path);
        loop {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            match child(node, rest) {
                Some((next, after)) => (node, rest) = (next, after),
                None => return node.position,
            }
        }
    }

    /// Adds the positions that faults do not have.
    pub fn complete(&self, faults: &mut [Fault]) {
        for fault in faults {
            if fault.position.is_none() {
                fault.position = Some(self.of(&fault.path));
            }
        }
    }
}

/// The field that a path begins with, and what follows it. Names may have dots, brackets and colons.
fn child<'n, 'p>(node: &'n Node, path: &'p str) -> Option<(&'n Node, &'p str)> {
    match &node.value {
        NodeValue::List(items) => {
            let (index, after) = path.strip_prefix('[')?.split_once(']')?;
            Some((items.get(index.parse::<usize>().ok()?)?, after))
        }
        NodeValue::Map(fields) => fields
            .iter()
            .filter_map(|field| {
                let after = path.strip_prefix(field.name.as_str())?;
                let ends = after.is_empty() || after.starts_with(['.', '[']);
                (ends && !field.name.is_empty()).then_some((&field.node, after))
            })
            .min_by_key(|(_, after)| after.len()),
        NodeValue::Scalar(_) => None,
    }
}
