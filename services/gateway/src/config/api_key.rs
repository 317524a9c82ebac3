//! API keys, as the configuration has them.

use std::fmt;

use contract::EntityId;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};

/// A key that authenticates a client: a text, or a text and the entities as which it may act. It is never
/// printed.
#[derive(Clone)]
pub struct ApiKey {
    key: String,
    entities: Option<Vec<EntityId>>,
}

impl ApiKey {
    /// The key of this text, which may act as every entity.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            key: text.into(),
            entities: None,
        }
    }

    /// The same key, which may act as these entities only.
    #[must_use]
    pub fn with_entities(self, entities: impl IntoIterator<Item = EntityId>) -> Self {
        Self {
            entities: Some(entities.into_iter().collect()),
            ..self
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    /// The text, and the entities as which it may act; all when absent.
    pub(super) fn grant(&self) -> (&str, Option<&[EntityId]>) {
        (&self.key, self.entities.as_deref())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// A key with its entities.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limited {
    key: String,
    entities: Option<Vec<EntityId>>,
}

impl<'de> Deserialize<'de> for ApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = ApiKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key, or its fields `key` and `entities`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ApiKey, E> {
        Ok(ApiKey::new(text))
    }

    // A variable that holds digits only is read as a number.
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<ApiKey, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<ApiKey, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ApiKey, A::Error> {
        let fields = MapAccessDeserializer::new(fields);
        let Limited { key, entities } = Limited::deserialize(fields)?;
        Ok(ApiKey { key, entities })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Deserialize)]
    struct Keys {
        api_keys: Vec<ApiKey>,
    }

    #[test]
    fn a_key_is_a_text_or_has_a_list_of_entities() {
        let json = r#"["all", {"key": "some", "entities": ["ann", "world"]}, {"key": "too"}]"#;
        let keys: Vec<ApiKey> = serde_json::from_str(json).unwrap();
        let [ann, world] = ["ann", "world"].map(|id| id.parse::<EntityId>().unwrap());
        let listed = [ann, world];
        let expected = [("all", None), ("some", Some(&listed[..])), ("too", None)];
        let grants: Vec<_> = keys.iter().map(ApiKey::grant).collect();
        assert_eq!(grants, expected);
        assert_eq!(
            format!("{keys:?}"),
            "[ApiKey(***), ApiKey(***), ApiKey(***)]"
        );
    }

    #[test]
    fn a_key_may_be_a_variable() {
        let variables = [
            ("MANYWORLDS_API_KEYS[0]", "12345"),
            ("MANYWORLDS_API_KEYS[1]__KEY", "some"),
            ("MANYWORLDS_API_KEYS[1]__ENTITIES[0]", "ann"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = HashMap::from(variables);
        let Keys { api_keys } = service_kit::config::load_from(None, variables).unwrap();
        let listed = ["ann".parse::<EntityId>().unwrap()];
        let grants: Vec<_> = api_keys.iter().map(ApiKey::grant).collect();
        assert_eq!(grants, [("12345", None), ("some", Some(&listed[..]))]);
    }

    #[test]
    fn a_mistyped_key_is_refused() {
        for json in [
            r#"{"key": "a", "entitys": ["ann"]}"#,
            r#"{"entities": ["ann"]}"#,
            r#"{"key": "a", "entities": ["a b"]}"#,
            "true",
        ] {
            assert!(serde_json::from_str::<ApiKey>(json).is_err(), "{json}");
        }
    }
}
