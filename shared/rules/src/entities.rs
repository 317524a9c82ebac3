//! Entities: agents, objects and users.

mod change;
mod check;
mod check_processor;
mod commands;
mod events;
mod lookup;
mod patch;
mod perception;
mod sender;
mod state;

pub(crate) use change::change_all;
pub(crate) use check::{
    check_agent, check_basics, check_brain, check_metadata, check_state, check_timeout,
};
pub(crate) use check_processor::check_processor;
pub(crate) use commands::{create, forget, merge_spec, new_entity, remove, update};
pub(crate) use events::apply;
pub(crate) use lookup::{agent_config, is_agent, require_entity};
pub(crate) use perception::perceived;
pub(crate) use sender::{SenderKind, sender_kind};
pub(crate) use state::Entities;
