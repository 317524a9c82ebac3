//! The bodies of requests: JSON whose invalid fields are all reported at once.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use door_kit::{InvalidJson, check_json, read_body};
use serde_json::{Map, Value, json};

use crate::error::{ApiError, Issue};

/// A JSON body of any media type; an empty one is an object without fields.
pub(crate) struct LenientJson(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for LenientJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read_body(request, state).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(json!({})));
        }
        // What is no JSON, the parser reports.
        if let Ok(text) = std::str::from_utf8(&bytes)
            && let Err(InvalidJson {
                problem,
                may_be_json: true,
                ..
            }) = check_json(text)
        {
            let field = problem.field.as_deref().unwrap_or("body");
            return Err(ApiError::invalid_field(field, problem.detail));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|_| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "INVALID_JSON_BODY",
                "Invalid JSON body. Please check request formatting.",
            )
        })
    }
}

/// The fields of a body, read one by one. The issues with them are collected.
pub(crate) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    issues: Vec<Issue>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(body: &'a Value) -> Self {
        let mut fields = Self {
            object: body.as_object(),
            issues: Vec::new(),
        };
        if fields.object.is_none() {
            let message = format!("Expected object, received {}", type_name(body));
            fields.add_issue(None, "invalid_type", message);
        }
        fields
    }

    /// The value of a field, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object?.get(name)
    }

    /// A required text of at most so many characters.
    pub(crate) fn required_text(&mut self, name: &str, characters_max: usize) -> String {
        if self.get(name).is_none() {
            self.add_issue(Some(name), "invalid_type", "Required");
            return String::new();
        }
        self.text_within(name, characters_max).unwrap_or_default()
    }

    /// A text of 1 to so many characters, if it is there.
    pub(crate) fn text_within(&mut self, name: &str, characters_max: usize) -> Option<String> {
        let text = self.text(name)?;
        if text.is_empty() {
            let message = "String must contain at least 1 character(s)";
            self.add_issue(Some(name), "too_small", message);
        } else if text.chars().count() > characters_max {
            let message = format!("String must contain at most {characters_max} character(s)");
            self.add_issue(Some(name), "too_big", message);
        }
        Some(text)
    }

    /// A text, if it is there.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        self.expect(name, "string", value, value.as_str().map(str::to_owned))
    }

    /// A text, if it is there; null stands for the empty one.
    pub(crate) fn nullable_text(&mut self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(Value::Null) => Some(String::new()),
            _ => self.text(name),
        }
    }

    /// A boolean, if it is there.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        self.expect(name, "boolean", value, value.as_bool())
    }

    /// A number from `min` to `max`, if it is there.
    pub(crate) fn number(&mut self, name: &str, min: f64, max: f64) -> Option<f64> {
        let value = self.get(name)?;
        let number = self.expect(name, "number", value, value.as_f64())?;
        if number < min {
            let message = format!("Number must be greater than or equal to {min}");
            self.add_issue(Some(name), "too_small", message);
        } else if number > max {
            let message = format!("Number must be less than or equal to {max}");
            self.add_issue(Some(name), "too_big", message);
        }
        Some(number)
    }

    /// A whole number from 1, if it is there.
    pub(crate) fn count(&mut self, name: &str) -> Option<u32> {
        let number = self.number(name, 1.0, f64::from(u32::MAX))?;
        if number.fract() != 0.0 {
            let message = "Expected integer, received float";
            self.add_issue(Some(name), "invalid_type", message);
        }
        Some(number as u32)
    }

    /// One of these words, if it is there.
    pub(crate) fn choice(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let word = self.text(name)?;
        if !words.contains(&word.as_str()) {
            let words = words.iter().map(|word| format!("'{word}'"));
            let words: Vec<String> = words.collect();
            let expected = words.join(" | ");
            let message = format!("Invalid enum value. Expected {expected}, received '{word}'");
            self.add_issue(Some(name), "invalid_enum_value", message);
        }
        Some(word)
    }

    /// Adds an issue with something within a field.
    pub(crate) fn add_issue_at(&mut self, path: &[&str], message: impl Into<String>) {
        self.issues.push(Issue {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            code: "custom",
            message: message.into(),
        });
    }

    /// # Errors
    /// 400 with every issue.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        if self.issues.is_empty() {
            return Ok(());
        }
        Err(ApiError::invalid(self.issues))
    }

    fn expect<T>(
        &mut self,
        name: &str,
        expected: &str,
        value: &Value,
        read: Option<T>,
    ) -> Option<T> {
        if read.is_none() {
            let message = format!("Expected {expected}, received {}", type_name(value));
            self.add_issue(Some(name), "invalid_type", message);
        }
        read
    }

    fn add_issue(&mut self, name: Option<&str>, code: &'static str, message: impl Into<String>) {
        self.issues.push(Issue {
            path: name.map(str::to_owned).into_iter().collect(),
            code,
            message: message.into(),
        });
    }
}

fn type_name(value: &Value) -> &'static str {
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
    fn every_invalid_field_is_reported() {
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
    fn an_absent_field_is_no_issue_and_null_clears_a_text() {
        let body = json!({"description": null});
        let mut fields = Fields::of(&body);
        assert_eq!(fields.nullable_text("description").as_deref(), Some(""));
        assert_eq!(fields.nullable_text("mainAgent"), None);
        assert_eq!(fields.count("turnLimit"), None);
        assert!(fields.check().is_ok());
        assert!(Fields::of(&json!([])).check().is_err());
    }
}
