//! API keys, as the configuration has them.

use std::fmt;

use contract::EntityId;
use door_kit::Permissions;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// A key that authenticates a client: a text, or a text and what it may do. It is never printed.
#[derive(Clone)]
pub struct ApiKey {
    key: String,
    permissions: Permissions,
}

impl ApiKey {
    /// The key of this text, which may do everything.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            key: text.into(),
            permissions: Permissions::default(),
        }
    }

    /// The same key, which may act as these entities only.
    #[must_use]
    pub fn with_entities(self, entities: impl IntoIterator<Item = EntityId>) -> Self {
        let entities = Some(entities.into_iter().collect());
        let permissions = Permissions {
            entities,
            ..self.permissions
        };
        Self {
            permissions,
            ..self
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    pub(super) fn text(&self) -> &str {
        &self.key
    }

    /// The text, and what it may do.
    pub(super) fn permissions(&self) -> (&str, Permissions) {
        (&self.key, self.permissions.clone())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
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
        f.write_str("a key, or its fields `key`, `worlds`, `entities` and `scopes`")
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
        // Serde finds no unknown fields in a flattened structure.
        let fields = MapAccessDeserializer::new(fields);
        let mut fields = Map::deserialize(fields)?;
        let key = match fields.remove("key") {
            Some(Value::String(key)) => key,
            Some(Value::Number(key)) => key.to_string(),
            Some(_) => return Err(de::Error::custom("`key` is no text")),
            None => return Err(de::Error::missing_field("key")),
        };
        let permissions =
            Permissions::deserialize(Value::Object(fields)).map_err(de::Error::custom)?;
        Ok(ApiKey { key, permissions })
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

    fn permissions(json: &str) -> Permissions {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_key_is_a_text_or_says_what_it_may_do() {
        let json = r#"[
            "all", {"key": "some", "entities": ["ann", "world"]}, {"key": "too"},
            {"key": "reader", "worlds": ["team-*"], "scopes": ["read"]}
        ]"#;
        let keys: Vec<ApiKey> = serde_json::from_str(json).unwrap();
        let expected = [
            ("all", Permissions::default()),
            ("some", permissions(r#"{"entities": ["ann", "world"]}"#)),
            ("too", Permissions::default()),
            (
                "reader",
                permissions(r#"{"worlds": ["team-*"], "scopes": ["read"]}"#),
            ),
        ];
        let permissions: Vec<_> = keys.iter().map(ApiKey::permissions).collect();
        assert_eq!(permissions, expected);
        assert_eq!(format!("{:?}", keys[0]), "ApiKey(***)");
    }

    #[test]
    fn a_key_may_be_a_variable() {
        let variables = [
            ("MANYWORLDS_API_KEYS[0]", "12345"),
            ("MANYWORLDS_API_KEYS[1]__KEY", "some"),
            ("MANYWORLDS_API_KEYS[1]__ENTITIES[0]", "ann"),
            ("MANYWORLDS_API_KEYS[1]__SCOPES[0]", "read"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = HashMap::from(variables);
        let Keys { api_keys } = service_kit::config::load_from(None, variables).unwrap();
        let some = permissions(r#"{"entities": ["ann"], "scopes": ["read"]}"#);
        let permissions: Vec<_> = api_keys.iter().map(ApiKey::permissions).collect();
        assert_eq!(
            permissions,
            [("12345", Permissions::default()), ("some", some)]
        );
    }

    #[test]
    fn a_mistyped_key_is_refused() {
        for json in [
            r#"{"key": "a", "entitys": ["ann"]}"#,
            r#"{"entities": ["ann"]}"#,
            r#"{"key": "a", "entities": ["a b"]}"#,
            r#"{"key": "a", "worlds": ["a b"]}"#,
            r#"{"key": "a", "scopes": ["admin"]}"#,
            r#"{"key": "a", "worlds": null}"#,
            r#"{"key": ["a"]}"#,
            "true",
        ] {
            assert!(serde_json::from_str::<ApiKey>(json).is_err(), "{json}");
        }
    }
}
