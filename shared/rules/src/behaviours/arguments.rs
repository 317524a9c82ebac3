//! Checks of the arguments of built-in actions.

use contract::Rejection;
use serde_json::{Map, Value};

use super::catalogue::{Argument, ArgumentDefault, ArgumentKind, BuiltIn};
use crate::rejection::{field_path, invalid};

/// The keys of `streams`.
const STREAM_PORTS: &[&str] = &["stdin", "stdtar", "stdext", "stdunk"];
/// The `id` of a request that says no more than that it has one.
const RANDOM_ID: &str = "random";
/// Why an id that is given has no use.
pub(super) const ID_DETAIL: &str = "the world gives every request its id";

impl BuiltIn {
    /// Checks the arguments of a use of the action: names and types, and that none is missing. Whether their
    /// values have a meaning is found when the action is done.
    ///
    /// # Errors
    /// The refusal names the argument, below `field`.
    pub fn check(&self, args: &Map<String, Value>, field: &str) -> Result<(), Rejection> {
        self.check_given(args, field)?;
        self.check_complete(args, field)
    }

    /// Checks the names and types of the arguments that are there.
    pub(super) fn check_given(
        &self,
        args: &Map<String, Value>,
        field: &str,
    ) -> Result<(), Rejection> {
        for (name, value) in args {
            let path = field_path(field, name);
            let Some(argument) = self.argument(name) else {
                let detail = format!("{} has no argument {name:?}", self.name);
                return Err(invalid(path, detail));
            };
            if !argument.takes(value) {
                return Err(wrong_type(argument.kind, path));
            }
        }
        Ok(())
    }

    /// Checks that no argument is missing.
    pub(super) fn check_complete(
        &self,
        args: &Map<String, Value>,
        field: &str,
    ) -> Result<(), Rejection> {
        let missing =
            |argument: &&Argument| argument.is_required() && !args.contains_key(argument.name);
        match self.arguments.iter().find(missing) {
            Some(argument) => {
                let detail = format!("{} needs the argument {:?}", self.name, argument.name);
                Err(invalid(field_path(field, argument.name), detail))
            }
            None => Ok(()),
        }
    }
}

impl Argument {
    /// Whether a value has the type of the argument.
    pub(super) fn takes(&self, value: &Value) -> bool {
        let is_absent = value.is_null() && self.default == ArgumentDefault::Null;
        is_absent || self.kind.has_type(value)
    }
}

impl ArgumentKind {
    fn has_type(self, value: &Value) -> bool {
        let is_text_or_list = || is_one_or_list(value, Value::is_string);
        match self {
            Self::Text | Self::CustomAction | Self::Callback | Self::Choice(_) | Self::Metric => {
                value.is_string()
            }
            Self::TextOrNull => value.is_string() || value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Texts | Self::Agents => is_text_or_list(),
            Self::StreamProperties => {
                is_one_or_list(value, |item| item.is_string() || item.is_object())
            }
            Self::Streams => match value {
                Value::Object(ports) => ports.iter().all(|(port, streams)| {
                    STREAM_PORTS.contains(&port.as_str())
                        && is_one_or_list(streams, Value::is_string)
                }),
                _ => is_text_or_list(),
            },
            Self::Samples => value.is_array() || value.is_object(),
            Self::Object => value.is_object(),
        }
    }

    /// Whether the action knows a value of the right type.
    pub(super) fn knows(self, value: &Value) -> bool {
        let Some(text) = value.as_str() else {
            return true;
        };
        match self {
            Self::Choice(choices) => choices.contains(&text),
            Self::Metric => {
                let bound = text.strip_prefix("geq");
                let has_bound = bound.is_some_and(|bound| bound.parse::<f64>().is_ok());
                has_bound || matches!(text, "mse" | "max")
            }
            _ => true,
        }
    }
}

/// An argument that gives a request an id: the other system's `forced_uuid` and `id`. The world gives every
/// request its id, so that the log has no two of the same.
pub(super) fn given_id(args: &Map<String, Value>) -> Option<&'static str> {
    let is_given = |name: &&str| {
        let value = args.get(*name).unwrap_or(&Value::Null);
        !value.is_null() && *value != RANDOM_ID
    };
    ["forced_uuid", "id"].into_iter().find(is_given)
}

/// The refusal of a value of another type.
pub(super) fn wrong_type(kind: ArgumentKind, path: String) -> Rejection {
    invalid(path, format!("it must be {}", kind.name()))
}

fn is_one_or_list(value: &Value, is_item: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_item),
        value => is_item(value),
    }
}
