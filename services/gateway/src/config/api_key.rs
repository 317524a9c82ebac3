//! API keys, as the configuration has them.

use std::fmt;

use contract::EntityId;
use door_kit::{NewApiKey, Permissions};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// The longest name of a key.
const NAME_BYTES_MAX: usize = 64;

/// A key that authenticates a client: a text, or a text and what it may do. It is never printed.
#[derive(Clone)]
pub struct ApiKey {
    key: String,
    name: Option<String>,
    permissions: Permissions,
}

impl ApiKey {
    /// The key of this text, which may do everything.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            key: text.into(),
            name: None,
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

    /// The key, as doors take it.
    pub(super) fn to_new(&self) -> NewApiKey<'_> {
        NewApiKey {
            key: &self.key,
            name: self.name.as_deref(),
            permissions: self.permissions.clone(),
        }
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

fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_part)
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = ApiKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key, or its fields `key`, `name`, `worlds`, `entities` and `scopes`")
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
        let name = match fields.remove("name") {
            None => None,
            Some(Value::String(name)) if is_name(&name) => Some(name),
            Some(_) => {
                let expected =
                    format!("`name` is no text of 1 to {NAME_BYTES_MAX} A-Z a-z 0-9 . _ @ -");
                return Err(de::Error::custom(expected));
            }
        };
        let permissions =
            Permissions::deserialize(Value::Object(fields)).map_err(de::Error::custom)?;
        Ok(ApiKey {
            key,
            name,
            permissions,
        })
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

    fn parts(key: &ApiKey) -> (&str, Option<&str>, Permissions) {
        let new = key.to_new();
        (new.key, new.name, new.permissions)
    }

    #[test]
    fn a_key_is_a_text_or_says_what_it_may_do() {
        let json = r#"[
            "all", {"key": "some", "entities": ["ann", "world"]}, {"key": "too"},
            {"key": "reader", "name": "board@team-1", "worlds": ["team-*"], "scopes": ["read"]}
        ]"#;
        let keys: Vec<ApiKey> = serde_json::from_str(json).unwrap();
        let expected = [
            ("all", None, Permissions::default()),
            (
                "some",
                None,
                permissions(r#"{"entities": ["ann", "world"]}"#),
            ),
            ("too", None, Permissions::default()),
            (
                "reader",
                Some("board@team-1"),
                permissions(r#"{"worlds": ["team-*"], "scopes": ["read"]}"#),
            ),
        ];
        assert_eq!(keys.iter().map(parts).collect::<Vec<_>>(), expected);
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
        let expected = [
            ("12345", None, Permissions::default()),
            ("some", None, some),
        ];
        assert_eq!(api_keys.iter().map(parts).collect::<Vec<_>>(), expected);
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
            r#"{"key": "a", "name": ""}"#,
            r#"{"key": "a", "name": "two words"}"#,
            r#"{"key": "a", "name": 7}"#,
            "true",
        ] {
            assert!(serde_json::from_str::<ApiKey>(json).is_err(), "{json}");
        }
    }
}
