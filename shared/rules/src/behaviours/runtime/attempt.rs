//! What came of an attempt of an action.

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The action was true: the transition is made.
    Done,
    /// The action has begun, or something else was decided: nothing more in this look.
    Begun,
    /// The action was false.
    False,
}
