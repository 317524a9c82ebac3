//! What a reader of a response sees before it is complete.

/// What a reader of a response sees before it is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// Text that was added.
    Text(String),
    /// All text so far was reasoning: it has to be taken back.
    Retracted,
}
