//! Why a value was not decoded.

use std::fmt;

use serde::de::{Error as _, Expected, Unexpected};

use super::trail::NodeId;
use crate::fault::Fault;
use crate::nearest::nearest;

/// Why a value was not decoded. The innermost value that knows it is at fault adds where it is.
#[derive(Debug)]
pub(super) struct Error {
    pub(super) reason: String,
    pub(super) kind: Kind,
    pub(super) place: Option<Box<Place>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A field is missing. It may have been left out because of another error.
    Missing,
    /// What was wrong in an earlier round was needed here.
    LeftOut,
    Invalid,
}

/// Where an error is.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) fault: Fault,
    /// The value and those that it is in, from the inside.
    pub(super) nodes: Vec<NodeId>,
}

impl Error {
    pub(super) fn left_out() -> Self {
        Self {
            kind: Kind::LeftOut,
            ..Self::custom("left out")
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self {
            reason: reason.to_string(),
            kind: Kind::Invalid,
            place: None,
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!(
            "expected {}, found {}",
            expected_text(expected),
            found_text(unexpected)
        ))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(unknown("value", variant, expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("{field}: {}", unknown_field(field, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            kind: Kind::Missing,
            ..Self::custom(format!("the field `{field}` is missing"))
        }
    }
}

/// What is wrong with a field that a type does not have.
pub(super) fn unknown_field(field: &str, known: &[&str]) -> String {
    match nearest(field, known.iter().copied()) {
        Some(near) => format!("unknown field, did you mean `{near}`?"),
        None if known.is_empty() => "unknown field; there are none here".to_owned(),
        None => format!("unknown field; known here: {}", known.join(", ")),
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown {what} `{name}`, did you mean `{near}`?"),
        None => format!(
            "unknown {what} `{name}`; expected one of {}",
            known.join(", ")
        ),
    }
}

/// What `serde` expected, without the names of Rust types.
fn expected_text(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" | "string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ if text.starts_with("struct ") => "a map of fields".to_owned(),
        _ if text.starts_with("enum ") => "a name, or a map with one field".to_owned(),
        _ => text,
    }
}

fn found_text(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Str(text) => {
            format!("the text `{}`", text.chars().take(60).collect::<String>())
        }
        Unexpected::Unit | Unexpected::Option => "nothing (null)".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map of fields".to_owned(),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::UnitVariant => "a name without fields".to_owned(),
        other => other.to_string(),
    }
}
