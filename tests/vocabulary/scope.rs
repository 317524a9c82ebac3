//! The kinds of names and texts that have words of their own.

/// What a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Files,
    Types,
    Functions,
    Code,
    Texts,
    Prose,
}

impl Scope {
    /// Whether a pattern has to match all of a name.
    pub(crate) fn is_of_full_names(self) -> bool {
        matches!(self, Self::Files | Self::Types)
    }
}
