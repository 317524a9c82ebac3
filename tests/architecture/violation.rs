//! What breaks a rule.

use std::collections::BTreeSet;
use std::fmt;

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Which rule, and where. It stays the same while the place breaks the rule, so that a list of
    /// exceptions can name it.
    pub(crate) line: String,
    /// Why, a line each.
    pub(crate) details: Vec<String>,
}

impl Violation {
    pub(crate) fn new(line: String) -> Self {
        let details = Vec::new();
        Self { line, details }
    }
}

/// Names in one line.
pub(crate) fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(", ")
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)?;
        for detail in &self.details {
            write!(f, "\n    {detail}")?;
        }
        Ok(())
    }
}
