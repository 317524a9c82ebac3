//! The arguments of built-in actions.

use serde_json::Value;

/// An argument of a built-in action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What it must be.
    pub kind: ArgumentKind,
    /// Its value when it is absent.
    pub default: ArgumentDefault,
}

impl Argument {
    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        self.default == ArgumentDefault::Required
    }
}

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    /// A text.
    Text,
    /// A text, or `null`, which has a meaning of its own.
    TextOrNull,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text, or a list of texts.
    Texts,
    /// The id of an entity or a wildcard, or a list of these.
    Agents,
    /// Names or properties of streams: texts or objects, or a list of these.
    StreamProperties,
    /// A list of streams, or an object of lists (or single ones) by `stdin`, `stdtar`, `stdext`, `stdunk`.
    Streams,
    /// A list of values, or an object of values by the names of streams.
    Samples,
    /// An object.
    Object,
    /// The name of a custom action.
    CustomAction,
    /// The name of a custom action, or of a built-in one that is not sent.
    Callback,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A metric: `mse`, `max`, or `geqX` with a number X.
    Metric,
}

impl ArgumentKind {
    /// What it is called in texts.
    pub fn name(self) -> String {
        let name = match self {
            Self::Text => "a text",
            Self::TextOrNull => "a text or null",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Texts => "a text or a list of texts",
            Self::Agents => "an agent or a list of agents",
            Self::StreamProperties => "a name or an object, or a list of these",
            Self::Streams => "a list of streams, or lists by stdin, stdtar, stdext",
            Self::Samples => "a list of values, or values by stream",
            Self::Object => "an object",
            Self::CustomAction => "the name of a custom action",
            Self::Callback => "the name of an action",
            Self::Choice(choices) => return format!("one of {}", choices.join(", ")),
            Self::Metric => "mse, max or geqX",
        };
        name.to_owned()
    }
}

/// The value of an argument that is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgumentDefault {
    /// It must not be absent.
    Required,
    /// None. `null` may be given too.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(&'static str),
}

impl ArgumentDefault {
    /// As JSON; `None` when there is no default.
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Required => None,
            Self::Null => Some(Value::Null),
            Self::Boolean(value) => Some(value.into()),
            Self::Integer(value) => Some(value.into()),
            Self::Number(value) => Some(value.into()),
            Self::Text(value) => Some(value.into()),
        }
    }
}
