//! Worlds as a whole: created, changed, and brought to what is described.

mod check;
mod commands;
mod describe;
mod events;
mod lookup;

pub(crate) use commands::{apply as apply_spec, create, fill, update};
pub(crate) use events::apply;
pub(crate) use lookup::require_world;
