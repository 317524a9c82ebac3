//! The error of parsing.

/// Why a document is not a valid schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("#{pointer}: {reason}")]
pub struct InvalidSchema {
    /// The invalid part: a JSON Pointer into the document, empty for the whole.
    pub pointer: String,
    /// A sentence for people.
    pub reason: String,
}

impl InvalidSchema {
    pub(super) fn new(pointer: &str, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            reason: reason.into(),
        }
    }
}
