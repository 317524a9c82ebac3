//! Reads the values of keywords.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::kind::Kinds;
use crate::number::Number;
use crate::parse::error::InvalidSchema;
use crate::parse::location::Location;

type Parsed<T> = Result<T, InvalidSchema>;

pub(super) fn kinds(value: &Value, location: &Location) -> Parsed<Kinds> {
    let kind = |value: &Value| value.as_str().and_then(Kinds::named);
    let kinds = match value {
        Value::Array(kinds) if !kinds.is_empty() => kinds
            .iter()
            .try_fold(Kinds::NONE, |all, value| Some(all.or(kind(value)?))),
        value => kind(value),
    };
    kinds.ok_or_else(|| {
        location.invalid(
            "is not a type: use null, boolean, integer, number, string, array, object, \
             or a list of them",
        )
    })
}

pub(super) fn number(value: &Value, location: &Location) -> Parsed<Number> {
    match value {
        Value::Number(number) => Ok(number.into()),
        _ => Err(location.invalid("is not a number")),
    }
}

/// A count. JSON Schema allows `2.0`, too.
pub(super) fn count(value: &Value, location: &Location) -> Parsed<u64> {
    let count = match number(value, location)? {
        Number::Integer(count) => u64::try_from(count).ok(),
        Number::Float(_) => None,
    };
    count.ok_or_else(|| location.invalid("is not a whole number from 0"))
}

pub(super) fn flag(value: &Value, location: &Location) -> Parsed<bool> {
    value
        .as_bool()
        .ok_or_else(|| location.invalid("is not true or false"))
}

pub(super) fn text<'a>(value: &'a Value, location: &Location) -> Parsed<&'a str> {
    value
        .as_str()
        .ok_or_else(|| location.invalid("is not a string"))
}

pub(super) fn names(value: &Value, location: &Location) -> Parsed<BTreeSet<String>> {
    let names = value.as_array().and_then(|names| {
        let names = names.iter().map(|name| name.as_str().map(str::to_owned));
        names.collect::<Option<BTreeSet<_>>>()
    });
    names.ok_or_else(|| location.invalid("is not a list of names"))
}

pub(super) fn object<'a>(value: &'a Value, location: &Location) -> Parsed<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| location.invalid("is not an object"))
}
