//! Timers: set, fired, and cancelled.

mod commands;
mod events;
mod fire;
mod schedule;
mod state;

pub(crate) use commands::{cancel, set};
pub(crate) use events::apply;
pub(crate) use fire::fire;
pub(crate) use state::{Timer, Timers};
