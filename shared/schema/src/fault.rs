//! Faults of a value.

use std::fmt;

/// One reason for which a value does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, as a rejection names it: `data.items[0].price`; `data` is the whole value.
    pub path: String,
    /// The reason: `must be a string, not a number`. It repeats at most 64 characters of
    /// the value.
    pub reason: String,
}

impl Fault {
    /// The path of a value that is not part of another.
    pub(crate) const ROOT: &str = "data";

    pub(crate) fn of_root(reason: impl Into<String>) -> Self {
        Self {
            path: Self::ROOT.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.reason)
    }
}
