//! Who speaks.

/// Of what kind a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// A person.
    Human,
    /// An agent, or anybody else who has a name.
    Agent,
    /// The software around the world.
    System,
    /// The world itself.
    World,
}

impl Speaker {
    /// Whether its messages begin something new: they are for all agents unless they name some, and
    /// every agent that sees one has its full number of turns again.
    pub(crate) fn opens_a_turn(self) -> bool {
        matches!(self, Self::Human | Self::World)
    }
}
