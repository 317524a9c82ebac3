//! The state of parsing, and the recursion through schemas.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::InvalidSchema;
use super::location::{Location, child_pointer};
use crate::node::{Node, NodeId};

/// The most schemas of a document, including itself. Types written by hand have some dozens.
const NODES_MAX: usize = 1024;
/// The deepest nesting of schemas: each level is a level of the stack.
const DEPTH_MAX: usize = 32;

/// What was parsed of a document so far.
#[derive(Default)]
pub(super) struct Parser {
    pub(super) nodes: Vec<Node>,
    /// The pointer of each node.
    pub(super) pointers: Vec<String>,
    /// The node of each pointer.
    pub(super) ids: BTreeMap<String, NodeId>,
    pub(super) references: Vec<Reference>,
    /// How many patterns there are.
    pub(super) patterns: usize,
}

/// A `$ref` that is not resolved yet: its target may follow.
pub(super) struct Reference {
    pub(super) from: NodeId,
    /// The pointer of the keyword.
    pub(super) pointer: String,
    pub(super) target: String,
}

impl Parser {
    /// Parses the schema at `pointer` and all within it.
    pub(super) fn schema(
        &mut self,
        value: &Value,
        pointer: &str,
        depth: usize,
    ) -> Result<NodeId, InvalidSchema> {
        if depth > DEPTH_MAX {
            let reason = format!("is more than {DEPTH_MAX} schemas deep");
            return Err(InvalidSchema::new(pointer, reason));
        }
        if self.nodes.len() == NODES_MAX {
            let reason = format!("is one schema too many: at most {NODES_MAX} are allowed");
            return Err(InvalidSchema::new(pointer, reason));
        }
        let id = self.nodes.len();
        self.nodes.push(Node::default());
        self.pointers.push(pointer.to_owned());
        self.ids.insert(pointer.to_owned(), id);
        self.nodes[id] = match value {
            Value::Bool(true) => Node::default(),
            Value::Bool(false) => Node::impossible(),
            Value::Object(keywords) => {
                let mut node = Node::default();
                for (name, value) in keywords {
                    let pointer = child_pointer(pointer, name);
                    self.keyword(&mut node, id, name, value, &Location { pointer, depth })?;
                }
                node
            }
            _ => {
                let reason = "is not a schema: use an object, true or false";
                return Err(InvalidSchema::new(pointer, reason));
            }
        };
        Ok(id)
    }
}
