//! The rules: which events a command makes, and what an event changes.
//!
//! It owns what a world is and does. Everything here is pure: it knows no broker, no clock, no
//! randomness and no task. Time and ids come in with the command; the same log gives the same state,
//! always.
//!
//! Start with [`step`]: it decides a command, applies what that makes, and decides what follows. Each
//! folder is a feature with its own part of the state. Features stand in layers: one imports only from
//! layers below its own, and the tables at the top (`commands`, `apply`, `completion`, `context`, `due`,
//! `follow_up`, `entity_checks`, `views`) are where all of them meet.

#![warn(clippy::iter_over_hash_type)]

mod abilities;
mod apply;
mod behaviours;
mod chats;
mod commands;
mod completion;
mod context;
mod context_scope;
mod decider;
mod dedup;
mod dialect;
mod due;
mod entities;
mod entity_checks;
mod event_types;
mod flows;
mod follow_up;
mod interactions;
mod lifecycle;
mod minds;
mod presence;
mod quota;
mod rejection;
mod runs;
mod schedule;
mod schemas;
mod sessions;
mod spec;
mod step;
mod stored_spec;
mod streams;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes ids")]
mod tests;
mod text;
mod timers;
mod tools;
mod version;
mod views;
mod world;
mod worlds;

pub use behaviours::{
    Action, ActionKind, Argument, ArgumentDefault, ArgumentKind, BUILT_IN_ACTIONS,
    BUILT_IN_WILDCARDS, BuiltIn, Class, CustomActions, DYNAMIC_WILDCARDS, Machine, MachineState,
    Reads, StateId, Transition, Wildcards, built_in, dot, mermaid, resolve, resolve_text,
};
pub use chats::RecalledMessage;
pub use context::context;
pub use context_scope::{ContextChanges, ContextScope, context_scope};
pub use decider::{COMMAND_BYTES_MAX, COMMAND_EVENTS_MAX, size_bytes};
pub use step::{replay, step};
pub use stored_spec::StoredSpec;
pub use version::VERSION;
pub use views::{View, available_abilities, mind_view, view};
pub use world::World;
