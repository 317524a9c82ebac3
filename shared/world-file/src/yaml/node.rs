//! A value of a text, and where it is.

use super::scalar::Scalar;
use crate::fault::Position;

/// A value of a text, and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: NodeValue,
    pub(crate) position: Position,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum NodeValue {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the text.
    Map(Vec<Entry>),
}

/// A field of a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where its name is.
    pub(crate) position: Position,
    pub(crate) node: Node,
}

impl Node {
    /// Its fields, if it is a map.
    pub(crate) fn fields(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            NodeValue::Scalar(_) | NodeValue::List(_) => &[],
        }
    }

    /// The value of this field, if it is a map that has it.
    pub(crate) fn field(&self, name: &str) -> Option<&Node> {
        let mut fields = self.fields().iter();
        let entry = fields.find(|entry| entry.name == name);
        entry.map(|entry| &entry.node)
    }
}
