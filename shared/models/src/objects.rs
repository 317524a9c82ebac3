//! JSON objects.

use serde_json::{Map, Value};

/// Adds fields to an object: objects are merged, `null` removes a field, and any other value replaces
/// it (RFC 7396).
pub(crate) fn merge(target: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (key, value) in fields {
        match (target.get_mut(key), value) {
            (_, Value::Null) => {
                target.remove(key);
            }
            (Some(Value::Object(inner)), Value::Object(fields)) => merge(inner, fields),
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The fields of an object that was written as a literal.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_merged_and_null_removes() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": 3, "e": 4});
        let fields = json!({"a": {"c": 5}, "d": null, "e": [6], "f": 7});
        merge(target.as_object_mut().unwrap(), fields.as_object().unwrap());
        assert_eq!(target, json!({"a": {"b": 1, "c": 5}, "e": [6], "f": 7}));
    }
}
