//! What kind of sender an event has.

use contract::{EntityId, EntityKind};

use crate::world::World;

/// The kind of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SenderKind {
    /// A person.
    Human,
    /// An agent, or anybody else who has a name.
    Agent,
    /// The software around the world.
    System,
    /// The world itself.
    World,
}

impl SenderKind {
    /// Whether its messages begin a turn: they are for all agents unless they name some, and every
    /// agent that sees one may make its full number of model requests again.
    pub(crate) fn opens_a_turn(self) -> bool {
        matches!(self, Self::Human | Self::World)
    }
}

/// The kind of a sender; somebody who has left is taken for a person.
pub(crate) fn sender_kind(world: &World, sender: &EntityId) -> SenderKind {
    match world.entities.get(sender).map(|entity| entity.kind) {
        _ if sender.as_str() == "world" => SenderKind::World,
        _ if sender.as_str() == "system" => SenderKind::System,
        Some(EntityKind::Agent | EntityKind::Object) => SenderKind::Agent,
        Some(EntityKind::User) | None => SenderKind::Human,
    }
}
