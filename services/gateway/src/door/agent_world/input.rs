//! The bodies of requests: JSON, whose faulty fields are all named at once.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::failure::{Failure, Issue};
use crate::body;

/// A JSON body; an empty one is an object without fields.
pub(super) struct Input(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = body::bytes(request, state).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(json!({})));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|_| {
            Failure::new(
                StatusCode::BAD_REQUEST,
                "INVALID_JSON_BODY",
                "Invalid JSON body. Please check request formatting.",
            )
        })
    }
}

/// The fields of a body, read one by one. What is wrong with them is collected.
pub(super) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    issues: Vec<Issue>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(body: &'a Value) -> Self {
        let mut fields = Self {
            object: body.as_object(),
            issues: Vec::new(),
        };
        if fields.object.is_none() {
            let message = format!("Expected object, received {}", kind(body));
            fields.note(None, "invalid_type", message);
        }
        fields
    }

    /// The value of a field, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object?.get(name)
    }

    /// A text that must be there, of so many characters.
    pub(super) fn required_text(&mut self, name: &str, characters_max: usize) -> String {
        if self.get(name).is_none() {
            self.note(Some(name), "invalid_type", "Required");
            return String::new();
        }
        self.text_within(name, characters_max).unwrap_or_default()
    }

    /// A text that says something, of so many characters, if it is there.
    pub(super) fn text_within(&mut self, name: &str, characters_max: usize) -> Option<String> {
        let text = self.text(name)?;
        if text.is_empty() {
            let message = "String must contain at least 1 character(s)";
            self.note(Some(name), "too_small", message);
        } else if text.chars().count() > characters_max {
            let message = format!("String must contain at most {characters_max} character(s)");
            self.note(Some(name), "too_big", message);
        }
        Some(text)
    }

    /// A text, if it is there.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        self.expect(name, "string", value, value.as_str().map(str::to_owned))
    }

    /// A text, if it is there; null stands for the empty one.
    pub(super) fn nullable_text(&mut self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Value::Null) => Some(String::new()),
            _ => self.text(name),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        self.expect(name, "boolean", value, value.as_bool())
    }

    /// A number from `least` to `most`, if it is there.
    pub(super) fn number(&mut self, name: &str, least: f64, most: f64) -> Option<f64> {
        let value = self.get(name)?;
        let number = self.expect(name, "number", value, value.as_f64())?;
        if number < least {
            let message = format!("Number must be greater than or equal to {least}");
            self.note(Some(name), "too_small", message);
        } else if number > most {
            let message = format!("Number must be less than or equal to {most}");
            self.note(Some(name), "too_big", message);
        }
        Some(number)
    }

    /// A whole number from 1, if it is there.
    pub(super) fn count(&mut self, name: &str) -> Option<u32> {
        let number = self.number(name, 1.0, f64::from(u32::MAX))?;
        if number.fract() != 0.0 {
            let message = "Expected integer, received float";
            self.note(Some(name), "invalid_type", message);
        }
        Some(number as u32)
    }

    /// One of these words, if it is there.
    pub(super) fn choice(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let word = self.text(name)?;
        if !words.contains(&word.as_str()) {
            let words = words.iter().map(|word| format!("'{word}'"));
            let words: Vec<String> = words.collect();
            let expected = words.join(" | ");
            let message = format!("Invalid enum value. Expected {expected}, received '{word}'");
            self.note(Some(name), "invalid_enum_value", message);
        }
        Some(word)
    }

    /// Notes that something within a field is not what it must be.
    pub(super) fn fault(&mut self, path: &[&str], message: impl Into<String>) {
        self.issues.push(Issue {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            code: "custom",
            message: message.into(),
        });
    }

    /// # Errors
    /// 400 with every field that is not what it must be.
    pub(super) fn check(self) -> Result<(), Failure> {
        if self.issues.is_empty() {
            return Ok(());
        }
        Err(Failure::invalid(self.issues))
    }

    fn expect<T>(&mut self, name: &str, wanted: &str, value: &Value, read: Option<T>) -> Option<T> {
        if read.is_none() {
            let message = format!("Expected {wanted}, received {}", kind(value));
            self.note(Some(name), "invalid_type", message);
        }
        read
    }

    fn note(&mut self, name: Option<&str>, code: &'static str, message: impl Into<String>) {
        self.issues.push(Issue {
            path: name.map(str::to_owned).into_iter().collect(),
            code,
            message: message.into(),
        });
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_faulty_field_is_named() {
        let body = json!({
            "name": "", "provider": "acme", "temperature": 3, "maxTokens": 0.5, "stream": "yes",
            "model": null,
        });
        let mut fields = Fields::of(&body);
        fields.required_text("name", 100);
        fields.required_text("message", 100);
        fields.choice("provider", &["openai"]);
        fields.number("temperature", 0.0, 1.0);
        fields.count("maxTokens");
        fields.flag("stream");
        fields.text("model");
        let found: Vec<(String, &str)> = fields
            .issues
            .iter()
            .map(|issue| (issue.path.join("."), issue.code))
            .collect();
        let expected = [
            ("name", "too_small"),
            ("message", "invalid_type"),
            ("provider", "invalid_enum_value"),
            ("temperature", "too_big"),
            ("maxTokens", "too_small"),
            ("maxTokens", "invalid_type"),
            ("stream", "invalid_type"),
            ("model", "invalid_type"),
        ];
        assert_eq!(found, expected.map(|(path, code)| (path.to_owned(), code)));
        assert!(fields.check().is_err());
    }

    #[test]
    fn what_is_absent_is_no_fault_and_null_clears_a_text() {
        let body = json!({"description": null});
        let mut fields = Fields::of(&body);
        assert_eq!(fields.nullable_text("description").as_deref(), Some(""));
        assert_eq!(fields.nullable_text("mainAgent"), None);
        assert_eq!(fields.count("turnLimit"), None);
        assert!(fields.check().is_ok());
        assert!(Fields::of(&json!([])).check().is_err());
    }
}
