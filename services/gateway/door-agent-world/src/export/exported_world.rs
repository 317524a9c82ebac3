//! The world that is exported.

use contract::EntityKind;
use contract::view::{ChatOutline, EntityOutline, Outline};

use crate::world::World;

/// The world that is exported, with who and what is in it.
pub(crate) struct ExportedWorld {
    pub(crate) world: World,
    pub(crate) outline: Outline<'static>,
}

impl ExportedWorld {
    /// The agents, by id.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &EntityOutline<'static>> {
        let entities = self.outline.entities.values();
        entities.filter(|entity| entity.kind == EntityKind::Agent)
    }

    /// The chat that is open.
    pub(crate) fn current(&self) -> Option<&ChatOutline<'static>> {
        let current = self.world.current_chat.as_ref()?;
        self.outline.chats.get(current)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fixtures;

    pub(crate) fn lobby() -> ExportedWorld {
        ExportedWorld {
            world: fixtures::world(),
            outline: fixtures::outline(),
        }
    }
}
