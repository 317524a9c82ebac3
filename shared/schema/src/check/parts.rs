//! The parts of a value and the schemas that apply to them.

use serde_json::Value;

use crate::node::{Node, NodeId};
use crate::path::Step;

/// The key of a part of a value.
#[derive(Clone, Copy)]
pub(super) enum Key<'v> {
    Field(&'v str),
    Item(usize),
}

impl From<Key<'_>> for Step {
    fn from(key: Key<'_>) -> Self {
        match key {
            Key::Field(name) => Self::Field(name.to_owned()),
            Key::Item(index) => Self::Item(index),
        }
    }
}

/// The parts of `value` that schemas of `node` apply to, each with its schema.
pub(super) fn parts<'v>(node: &Node, value: &'v Value) -> Vec<(Key<'v>, NodeId, &'v Value)> {
    let mut parts = Vec::new();
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let schema = node.array.schema_of(index);
                parts.extend(schema.map(|schema| (Key::Item(index), schema, item)));
            }
        }
        Value::Object(fields) => {
            for (name, part) in fields {
                let schemas = node.object.schemas_of(name);
                parts.extend(schemas.map(|schema| (Key::Field(name), schema, part)));
            }
        }
        _ => {}
    }
    parts
}

/// The schemas that apply to all of `value` because it has one of its fields.
pub(super) fn dependent_schemas<'n>(
    node: &'n Node,
    value: &'n Value,
) -> impl Iterator<Item = NodeId> + 'n {
    let dependent = node.object.dependent_schemas.iter();
    dependent
        .filter(|(name, _)| value.get(name.as_str()).is_some())
        .map(|(_, schema)| *schema)
}
