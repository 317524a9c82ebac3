//! A behaviour as it was given.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::document::Document;
use super::json_text::JsonText;

/// The formats of behaviours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Our own: a [`Document`].
    Manyworlds,
    /// A JSON file of UNaIVERSE. It has the field `machine`, or `initial_state` in its older form.
    Unaiverse,
}

/// A behaviour as it was given: JSON in one of two formats. Its fields keep their order, which says in
/// which order transitions are tried and drawn.
///
/// It is serialised as the JSON itself. Deserialised from YAML it is JSON too.
#[derive(Debug, Clone)]
pub struct Definition {
    format: Format,
    json: Box<RawValue>,
}

/// A text that holds no behaviour in either format.
#[derive(Debug, thiserror::Error)]
#[error("not a behaviour")]
pub struct InvalidDefinition {
    source: serde_json::Error,
}

impl Definition {
    /// Reads the JSON text of a behaviour.
    ///
    /// # Errors
    /// When it is not one JSON object, or an object has a field twice. What the fields hold is checked
    /// when the behaviour is compiled.
    pub fn from_json(text: &str) -> Result<Self, InvalidDefinition> {
        serde_json::from_str(text).map_err(|source| InvalidDefinition { source })
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Its JSON text.
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Eq for Definition {}

impl TryFrom<&Document> for Definition {
    type Error = InvalidDefinition;

    fn try_from(document: &Document) -> Result<Self, InvalidDefinition> {
        let text = serde_json::to_string(document);
        Self::from_json(&text.map_err(|source| InvalidDefinition { source })?)
    }
}

impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Definition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonText(text) = JsonText::deserialize(deserializer)?;
        let fields: BTreeMap<String, IgnoredAny> = serde_json::from_str(&text)
            .map_err(|_| de::Error::custom("a behaviour is an object with fields"))?;
        let is_foreign = ["machine", "initial_state"].map(|name| fields.contains_key(name));
        let format = if is_foreign.contains(&true) {
            Format::Unaiverse
        } else {
            Format::Manyworlds
        };
        let json = RawValue::from_string(text).map_err(de::Error::custom)?;
        Ok(Self { format, json })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_keeps_the_order_of_its_fields() {
        let text =
            r#"{"states":{"z":{},"a":{"wait_seconds":0.5}},"initial":"z","n":[1,-2,null,"é\""]}"#;
        let definition = Definition::from_json(text).unwrap();
        assert_eq!(definition.json(), text);
        assert_eq!(definition.format(), Format::Manyworlds);
        assert_eq!(serde_json::to_string(&definition).unwrap(), text);
        let again: Definition = serde_json::from_str(text).unwrap();
        assert_eq!(again, definition);
    }

    #[test]
    fn the_format_follows_from_the_fields() {
        for (text, format) in [
            (r#"{"machine":{"initial_state":"a"}}"#, Format::Unaiverse),
            (r#"{"initial_state":"a"}"#, Format::Unaiverse),
            (r#"{"initial":"machine"}"#, Format::Manyworlds),
            ("{}", Format::Manyworlds),
        ] {
            let definition = Definition::from_json(text).unwrap();
            assert_eq!(definition.format(), format, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_object_is_no_behaviour() {
        for text in [
            "",
            "[]",
            "null",
            "\"a\"",
            "{\"a\":1,\"a\":2}",
            "{\"b\":{\"a\":1,\"a\":2}}",
        ] {
            assert!(Definition::from_json(text).is_err(), "{text}");
        }
    }
}
