//! What is wrong with a value.

use std::fmt;

/// One thing about a value that its schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a rejection names a field: `data.items[0].price`; `data` is the whole value.
    pub path: String,
    /// What is wrong there: `must be a string, not a number`. It repeats at most 64 characters of
    /// the value.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.reason)
    }
}
