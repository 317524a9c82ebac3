//! A time in a behaviour.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, de};

/// A number of seconds, or a text with a wildcard that stands for one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seconds {
    /// Seconds. Negative ones are refused when the behaviour is compiled.
    Number(f64),
    /// A text such as `<lesson_time>`.
    Wildcard(String),
}

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self::Number(0.0);

    /// Whether it is no time at all.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl Default for Seconds {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds, or a wildcard")
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
        Ok(Seconds::Number(seconds))
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
        Ok(Seconds::Number(seconds as f64))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Seconds, E> {
        Ok(Seconds::Number(seconds as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
        Ok(Seconds::Wildcard(text.to_owned()))
    }
}
