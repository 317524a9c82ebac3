//! The replacement of wildcards, with a limit.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Replaces wildcards, until what was put in exceeds a limit.
pub(super) struct Substitution<'a> {
    wildcards: &'a BTreeMap<String, Value>,
    remaining_bytes: usize,
    is_exceeded: bool,
}

impl<'a> Substitution<'a> {
    pub(super) fn new(wildcards: &'a BTreeMap<String, Value>, bytes_max: usize) -> Self {
        Self {
            wildcards,
            remaining_bytes: bytes_max,
            is_exceeded: false,
        }
    }

    /// Whether the limit was reached, and wildcards were left as they are.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    pub(super) fn arguments(&mut self, args: &Map<String, Value>) -> Map<String, Value> {
        args.iter()
            .map(|(name, value)| (name.clone(), self.value(value)))
            .collect()
    }

    pub(super) fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.exact(text).unwrap_or_else(|| {
                let text = self.text(text, |value| value.as_str().map(str::to_owned));
                Value::String(text)
            }),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => Value::Object(self.arguments(fields)),
            other => other.clone(),
        }
    }

    /// The text of a message, in which numbers and truth values are replaced too.
    pub(super) fn message(&mut self, text: &str) -> String {
        self.text(text, |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        })
    }

    /// The value of a text that is one wildcard.
    fn exact(&mut self, text: &str) -> Option<Value> {
        let value = self.wildcards.get(text).filter(|_| !text.is_empty())?;
        let bytes = match value {
            Value::String(text) => text.len(),
            other => other.to_string().len(),
        };
        self.spend(bytes).then(|| value.clone())
    }

    fn text(&mut self, text: &str, shown: impl Fn(&Value) -> Option<String>) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let found = self.longest_at(rest);
            let value = found.and_then(|(name, value)| Some((name, shown(value)?)));
            match value {
                Some((name, value)) if self.spend(value.len()) => {
                    replaced.push_str(&value);
                    rest = &rest[name.len()..];
                }
                _ => {
                    replaced.push(character);
                    rest = &rest[character.len_utf8()..];
                }
            }
        }
        replaced
    }

    /// The longest wildcard at the beginning of a text.
    fn longest_at(&self, text: &str) -> Option<(&'a str, &'a Value)> {
        self.wildcards
            .iter()
            .filter(|(name, _)| !name.is_empty() && text.starts_with(name.as_str()))
            .max_by_key(|(name, _)| name.len())
            .map(|(name, value)| (name.as_str(), value))
    }

    fn spend(&mut self, bytes: usize) -> bool {
        match self.remaining_bytes.checked_sub(bytes) {
            Some(remaining) => self.remaining_bytes = remaining,
            None => self.is_exceeded = true,
        }
        !self.is_exceeded
    }
}
