//! The native door, under `/v1`.

pub(crate) mod approvals;
pub(crate) mod changes;
pub(crate) mod chats;
pub(crate) mod edits;
pub(crate) mod entities;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod invocations;
pub(crate) mod messages;
mod shape;
pub(crate) mod socket;
mod socket_frame;
pub(crate) mod state;
pub(crate) mod stream;
pub(crate) mod timers;
mod turn;
pub(crate) mod worlds;
