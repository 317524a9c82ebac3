use rules::{RecalledMessage, World};

/// What the archive has of the message that a command needs.
pub(super) struct Recall {
    pub(super) found: Option<RecalledMessage>,
    pub(super) version: StateVersion,
}

/// The state that the archive was read for: what is removed later, the archive still had.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct StateVersion {
    loads: u64,
    removals: u64,
}

impl StateVersion {
    /// The version of a state that was loaded so many times.
    pub(super) fn of(world: &World, loads: u64) -> Self {
        Self {
            loads,
            removals: world.removals(),
        }
    }
}
