//! Presence: of which entities this gateway has connections, and how the worlds get to know it.
//!
//! A connection is of an entity once it has acted as it, or when it was opened as the connection of it.
//! What changes is reported by one task, world by world: the first connection of an entity, and the end of
//! its last one.

mod connected_entities;
mod report;
mod reporter;

pub(crate) use connected_entities::ConnectedEntities;
pub use connected_entities::EntityConnection;
pub(crate) use reporter::report_until;
