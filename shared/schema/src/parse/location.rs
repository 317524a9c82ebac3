//! Locations in a document.

use super::error::InvalidSchema;

/// The location of a keyword.
pub(super) struct Location {
    pub(super) pointer: String,
    /// The depth of the schema that it belongs to.
    pub(super) depth: usize,
}

impl Location {
    pub(super) fn invalid(&self, reason: impl Into<String>) -> InvalidSchema {
        InvalidSchema::new(&self.pointer, reason)
    }
}

/// The pointer to a part of what `pointer` points to.
pub(super) fn child_pointer(pointer: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{name}")
}
