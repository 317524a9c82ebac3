//! JSON that is decoded step by step.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::piece::Piece;

/// A JSON value of which only what is read is decoded: arguments stay the text that the model wrote,
/// with its numbers and the order of its keys.
///
/// A field that is `null` is as good as absent: servers write both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json<'a>(&'a RawValue);

impl<'a> Json<'a> {
    /// # Errors
    /// When the text is not one JSON value.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// The JSON values of a frame: one, or one per line.
    ///
    /// # Errors
    /// When a line is none.
    pub(crate) fn parse_all(text: &'a str) -> Result<Vec<Self>, serde_json::Error> {
        match Self::parse(text) {
            Ok(value) => Ok(vec![value]),
            Err(error) if !text.contains('\n') => Err(error),
            Err(_) => text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && *line != "[DONE]")
                .map(Self::parse)
                .collect(),
        }
    }

    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.fields().remove(key)
    }

    /// The value at the end of a path of keys.
    pub(crate) fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The fields of an object that are not null; none of another value.
    pub(crate) fn fields(self) -> BTreeMap<String, Self> {
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_str(self.0.get()).unwrap_or_default();
        fields
            .into_iter()
            .map(|(key, value)| (key, Self(value)))
            .filter(|(_, value)| !value.is_null())
            .collect()
    }

    /// The fields of an object apart from these, and those that are null.
    pub(crate) fn fields_except(self, known: &[&str]) -> Map<String, Value> {
        self.fields()
            .into_iter()
            .filter(|(name, _)| !known.contains(&name.as_str()))
            .filter_map(|(name, value)| Some((name, value.value()?)))
            .collect()
    }

    /// The items of an array, or another value itself.
    pub(crate) fn items(self) -> Vec<Self> {
        match serde_json::from_str::<Vec<&RawValue>>(self.0.get()) {
            Ok(items) => items.into_iter().map(Self).collect(),
            Err(_) => vec![self],
        }
    }

    pub(crate) fn piece(self) -> Option<Piece> {
        self.is_string()
            .then(|| serde_json::from_str(self.0.get()).ok())?
    }

    /// A string, complete in itself, unless it is empty.
    pub(crate) fn text(self) -> Option<String> {
        let piece = self.piece()?;
        (!piece.is_empty()).then(|| piece.to_text())
    }

    /// The string field of this name, unless it is empty.
    pub(crate) fn text_at(self, key: &str) -> Option<String> {
        self.get(key)?.text()
    }

    /// The string field of this name, unless it is empty, as a piece of a longer text.
    pub(crate) fn piece_at(self, key: &str) -> Option<Piece> {
        let piece = self.get(key)?.piece()?;
        (!piece.is_empty()).then_some(piece)
    }

    /// A count: some servers write numbers as strings, or with a fraction of zero.
    pub(crate) fn count(self) -> Option<u64> {
        let text = self.0.get().trim_matches('"');
        text.parse().ok().or_else(|| {
            let number: f64 = text.parse().ok()?;
            let is_count = number >= 0.0 && number.fract() == 0.0 && number <= 2f64.powi(53);
            // The range was checked.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number below 2^53"
            )]
            is_count.then_some(number as u64)
        })
    }

    pub(crate) fn is_true(self) -> bool {
        self.0.get() == "true"
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.get().starts_with('{')
    }

    pub(crate) fn is_string(self) -> bool {
        self.0.get().starts_with('"')
    }

    fn is_null(self) -> bool {
        self.0.get() == "null"
    }

    pub(crate) fn raw(self) -> &'a RawValue {
        self.0
    }

    pub(crate) fn value(self) -> Option<Value> {
        serde_json::from_str(self.0.get()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_absent() {
        let json = Json::parse(r#"{"a": null, "b": {"c": "x", "d": ""}}"#).unwrap();
        assert!(json.get("a").is_none() && json.at(&["a", "c"]).is_none());
        assert_eq!(json.at(&["b", "c"]).unwrap().text().unwrap(), "x");
        assert!(json.at(&["b", "d"]).unwrap().text().is_none());
    }

    #[test]
    fn a_count_is_an_integer_in_any_form() {
        let count = |text| Json::parse(text).unwrap().count();
        assert_eq!(
            ["7", "\"7\"", "7.0", "-1", "0.5", "\"x\"", "{}"].map(count),
            [Some(7), Some(7), Some(7), None, None, None, None]
        );
    }
}
