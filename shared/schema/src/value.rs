//! Values of JSON, compared as JSON Schema does.

use std::collections::HashSet;

use serde_json::Value;

use crate::number::Number;

/// Whether both are the same: `1` is `1.0`, and the order of fields does not matter.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Number::from(left) == Number::from(right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, left)| right.get(name).is_some_and(|right| equal(left, right));
            left.len() == right.len() && left.iter().all(same)
        }
        (left, right) => left == right,
    }
}

/// Whether no two of them are the same.
pub(crate) fn are_unique(values: &[Value]) -> bool {
    let mut texts = HashSet::with_capacity(values.len());
    values.iter().all(|value| texts.insert(canonical(value)))
}

/// The one text of all values that are the same.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => Number::from(number).to_string(),
        Value::Array(values) => {
            let texts: Vec<_> = values.iter().map(canonical).collect();
            format!("[{}]", texts.join(","))
        }
        Value::Object(fields) => {
            let text = |(name, value): (&String, &Value)| {
                format!("{}:{}", Value::from(name.as_str()), canonical(value))
            };
            let mut texts: Vec<_> = fields.iter().map(text).collect();
            texts.sort_unstable();
            format!("{{{}}}", texts.join(","))
        }
        other => other.to_string(),
    }
}

/// How many values it is made of, itself included.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(size).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_the_same_or_not() {
        for (left, right, expected) in [
            (json!(1), json!(1.0), true),
            (json!(1), json!("1"), false),
            (json!(null), json!(false), false),
            (json!([1, 2]), json!([1.0, 2]), true),
            (json!([1, 2]), json!([2, 1]), false),
            (json!({"a": 1, "b": [1]}), json!({"b": [1.0], "a": 1}), true),
            (json!({"a": 1}), json!({"a": 1, "b": 1}), false),
            (json!({"a": null}), json!({}), false),
            (json!("a\",\"b"), json!(["a", "b"]), false),
        ] {
            assert_eq!(equal(&left, &right), expected, "{left} {right}");
            assert_eq!(are_unique(&[left, right]), !expected);
        }
    }
}
