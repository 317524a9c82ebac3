//! Presence: which of the entities that a client is are there, by the connections that gateways report.
//!
//! An agent whose brain is a client is present while a gateway has a connection of it, and for a grace
//! period after that. One of which no connection was ever reported is present as every other entity is:
//! while it is in the world.

mod commands;
mod due;
mod events;
mod limits;
mod state;

pub(crate) use commands::{end_connections, report};
pub(crate) use due::end_due;
pub(crate) use events::apply;
pub(crate) use state::Presence;
