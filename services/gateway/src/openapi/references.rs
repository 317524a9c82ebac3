//! References to schemas.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The schemas of the description, by name.
pub(super) type Schemas = Map<String, Value>;

const PREFIX: &str = "#/components/schemas/";

/// The name of the schema that a reference refers to; `None` when it is no reference.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// A reference to the schema of this name.
pub(super) fn reference_to(name: &str) -> Value {
    json!({"$ref": format!("{PREFIX}{name}")})
}

/// The schemas that a value refers to, and those that they refer to.
pub(super) fn reachable(schemas: &Schemas, from: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(value) = next.pop() {
        if let Some(name) = name_of(value)
            && let Some(schema) = schemas.get(name)
            && found.insert(name.to_owned())
        {
            next.push(schema);
        }
        match value {
            Value::Array(values) => next.extend(values),
            Value::Object(fields) => next.extend(fields.values()),
            _ => {}
        }
    }
    found
}

/// Does something with a value and with all that is in it.
pub(super) fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| visit(value, change)),
        Value::Object(fields) => {
            change(fields);
            fields.values_mut().for_each(|value| visit(value, change));
        }
        _ => {}
    }
}
