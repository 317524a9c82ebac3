//! Finds the fields of a text that a world does not have.

use serde_json::{Map, Value};

/// A field of a text: its path for people, and as a JSON pointer.
#[derive(Debug, Clone, Default)]
struct Place {
    path: String,
    pointer: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self {
            path: format!("{}{dot}{name}", self.path),
            pointer: format!("{}/{escaped}", self.pointer),
        }
    }

    fn item(&self, index: usize) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            pointer: format!("{}/{index}", self.pointer),
        }
    }
}

/// The path of the first field of `given` that decoding dropped. A field with an empty value is no
/// evidence: encoding may omit it. Nor is one with its default: `is_known` says whether the field at a JSON
/// pointer is one that is decoded.
pub(crate) fn unknown_field(
    given: &Value,
    decoded: &Value,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<String> {
    find(given, decoded, &Place::default(), is_known)
}

fn find(
    given: &Value,
    decoded: &Value,
    place: &Place,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<String> {
    match (given, decoded) {
        (Value::Object(given), Value::Object(decoded)) => given.iter().find_map(|(name, value)| {
            let place = place.field(name);
            match decoded.get(name) {
                Some(decoded) => find(value, decoded, &place, is_known),
                None if is_empty(value) => None,
                // An object with its default may have fields that are none.
                None if is_known(&place.pointer) => {
                    find(value, &Value::Object(Map::new()), &place, is_known)
                }
                None => Some(place.path),
            }
        }),
        (Value::Array(given), Value::Array(decoded)) => {
            let mut pairs = given.iter().zip(decoded).enumerate();
            pairs.find_map(|(index, (given, decoded))| {
                find(given, decoded, &place.item(index), is_known)
            })
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
