//! Reading a schema: the only way to get one.

mod keyword;
mod reference;

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use self::reference::Reference;
use crate::node::{Node, NodeId};
use crate::schema::Schema;

/// The longest schema: as long as the longest event. A world keeps every version of its schemas.
const SIZE_BYTES_MAX: usize = 64 * 1024;
/// The most schemas in a document, itself included. Types written by hand have some dozens.
const NODES_MAX: usize = 1024;
/// How deep schemas stand within schemas: each level is one of the stack.
const DEPTH_MAX: usize = 32;
/// The most patterns of a document: each takes up to [`keyword::PATTERN_COMPILED_BYTES_MAX`].
const PATTERNS_MAX: usize = 64;
/// The only draft that is understood.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Why a document is not a schema that can be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("#{pointer}: {reason}")]
pub struct InvalidSchema {
    /// Where: a JSON Pointer into the document, empty for the whole.
    pub pointer: String,
    /// A sentence for people.
    pub reason: String,
}

impl InvalidSchema {
    fn new(pointer: &str, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            reason: reason.into(),
        }
    }
}

impl Schema {
    /// Reads a schema of draft 2020-12, of at most 64 KiB.
    ///
    /// `$ref` stays within the document (`#/$defs/Price`). `format` says something to people and
    /// is not checked. `pattern` is a regular expression without look-around and back-references,
    /// so that a match takes linear time. A keyword that is not known is refused, unless its name
    /// begins with `x-`: what is misspelt must not allow everything.
    ///
    /// # Errors
    /// [`InvalidSchema`]: the first fault that was found.
    pub fn parse(document: &RawValue) -> Result<Self, InvalidSchema> {
        let size = document.get().len();
        if size > SIZE_BYTES_MAX {
            let reason = format!("has {size} bytes; at most {SIZE_BYTES_MAX} are allowed");
            return Err(InvalidSchema::new("", reason));
        }
        let document: Value = serde_json::from_str(document.get())
            .map_err(|error| InvalidSchema::new("", format!("can't be read: {error}")))?;
        let mut parser = Parser::default();
        parser.schema(&document, "", 0)?;
        parser.resolve()?;
        reference::check_in_place(&parser.nodes, &parser.pointers)?;
        Ok(Self::new(parser.nodes))
    }
}

#[derive(Default)]
struct Parser {
    nodes: Vec<Node>,
    /// Where each of the nodes stands.
    pointers: Vec<String>,
    /// The nodes by where they stand.
    ids: BTreeMap<String, NodeId>,
    references: Vec<Reference>,
    patterns: usize,
}

impl Parser {
    fn schema(
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
                    let pointer = below(pointer, name);
                    self.keyword(&mut node, id, name, value, &Place { pointer, depth })?;
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

/// Where a keyword stands.
struct Place {
    pointer: String,
    /// How deep the schema is that it belongs to.
    depth: usize,
}

impl Place {
    fn fault(&self, reason: impl Into<String>) -> InvalidSchema {
        InvalidSchema::new(&self.pointer, reason)
    }
}

/// The pointer to a part of what `pointer` points to.
fn below(pointer: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{name}")
}
