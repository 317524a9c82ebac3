//! Finds the fields of a text that a world does not have.

use serde_json::Value;

/// The path of the first field of `given` that decoding dropped. A field with an empty value is no
/// evidence: encoding may omit it.
pub(crate) fn unknown_field(given: &Value, decoded: &Value, path: &str) -> Option<String> {
    match (given, decoded) {
        (Value::Object(given), Value::Object(decoded)) => given.iter().find_map(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{name}");
            match decoded.get(name) {
                Some(decoded) => unknown_field(value, decoded, &path),
                None if is_empty(value) => None,
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(decoded)) => {
            let pairs = given.iter().zip(decoded).enumerate();
            let mut pairs = pairs.map(|(index, pair)| (format!("{path}[{index}]"), pair));
            pairs.find_map(|(path, (given, decoded))| unknown_field(given, decoded, &path))
        }
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) => false,
    }
}
