//! The custom actions of the example worlds of behaviours. The files of the worlds declare those that
//! they use, with the schemas of their arguments: see `deploy/worlds`.
//!
//! They are written like those of users. What an agent has to remember between two actions is in its
//! streams: a run has no state of its own.

mod broadcast_chat;
mod class_incremental;
mod social_learning;

use manyworlds_sdk::Builder;

/// Registers the custom actions of all example worlds.
pub(crate) fn register(builder: Builder) -> Builder {
    let builder = broadcast_chat::register(builder);
    let builder = class_incremental::register(builder);
    social_learning::register(builder)
}
